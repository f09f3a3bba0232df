using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.TrainingImages;

[TestClass]
public sealed class ImageStreamTests
{
    private const int Rows = 100;
    private const int RowBytes = 64; // 1×8×8 bytes

    [TestMethod]
    [DataRow(10)]
    [DataRow(64)]
    [DataRow(1000)]
    public void Epoch_AnyBufferSize_GivesEveryRowOnceInAnotherOrder(int bufferRows)
    {
        var stream = new ImageStream(LabelledRows(Rows), (long)bufferRows * RowBytes);

        var first = RowNumbers(stream.Epoch(16, Order()));
        var second = RowNumbers(stream.Epoch(16, Order(epoch: 1)));

        CollectionAssert.AreEqual(Enumerable.Range(0, Rows).ToArray(), first.Order().ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, Rows).ToArray(), second.Order().ToArray());
        CollectionAssert.AreNotEqual(first, second);
        CollectionAssert.AreNotEqual(Enumerable.Range(0, Rows).ToArray(), first);
    }

    [TestMethod]
    public void Epoch_SmallBuffer_NeverHoldsMoreRowsThanAllowed()
    {
        var stream = new ImageStream(LabelledRows(Rows), 10 * RowBytes);

        // With 10 rows in the buffer and batches of 4, a row comes at the earliest 10 rows before its turn.
        var order = RowNumbers(stream.Epoch(4, Order()));

        for (var place = 0; place < order.Length; place++)
        {
            Assert.IsLessThan(((place / 4) * 4) + 10, order[place]);
        }
    }

    [TestMethod]
    public void Epoch_SameSeed_GivesTheSameOrder()
    {
        var one = RowNumbers(new ImageStream(LabelledRows(Rows), 10 * RowBytes).Epoch(8, Order()));
        var other = RowNumbers(new ImageStream(LabelledRows(Rows), 10 * RowBytes).Epoch(8, Order()));

        CollectionAssert.AreEqual(one, other);
    }

    [TestMethod]
    public void Epoch_AbandonedHalfway_LeavesNoTensorAndStartsAfresh()
    {
        var stream = new ImageStream(LabelledRows(Rows), 10 * RowBytes);
        var before = LiveTensors();

        foreach (var batch in stream.Epoch(8, Order()))
        {
            batch.Dispose();
            break;
        }

        Assert.AreEqual(before, LiveTensors());
        CollectionAssert.AreEqual(Enumerable.Range(0, Rows).ToArray(), RowNumbers(stream.Epoch(8, Order())).Order().ToArray());
    }

    [TestMethod]
    public void Epoch_DataThatShrinks_SaysSo()
    {
        var rows = Rows;
        var stream = new ImageStream(LabelledRows(() => rows), 10 * RowBytes);
        rows = 50;

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => RowNumbers(stream.Epoch(8, Order())));

        StringAssert.Contains(fault.Message, "100 labelled rows at one reading and 50 at the next");
    }

    [TestMethod]
    [DataRow(101)]
    [DataRow(300)]
    public void Epoch_DataThatGrows_SaysSoBeforeABatchTooMany(int later)
    {
        var rows = Rows;
        var stream = new ImageStream(LabelledRows(() => rows), 10 * RowBytes);
        rows = later;
        var batches = 0;

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            foreach (var batch in stream.Epoch(8, new RandomStreams(1).Of("order")))
            {
                batch.Dispose();
                batches++;
            }
        });

        Assert.Contains("100 labelled rows at one reading and more than 100 at the next", fault.Message);
        Assert.IsLessThanOrEqualTo(13, batches); // ⌈100/8⌉
    }

    // As many, but of other classes: a generator that draws its labels, or a join without an order.
    [TestMethod]
    public void Epoch_DataWhoseLabelsChange_SaysSo()
    {
        var label = 0u;
        var data = Data(new MLContext(), () => Rows, row => row.Label = Math.Max(row.Label, label));
        var stream = new ImageStream(new LabelledRows(data, new NoPropOptions(), wanted: null, checkAlive: () => { }), 10 * RowBytes);
        label = 1;

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => RowNumbers(stream.Epoch(8, Order())));

        StringAssert.Contains(fault.Message, "The data had 50 rows of class '0' at one reading and 0 at the next. Save it first");
    }

    // As photos in class folders are.
    [TestMethod]
    public void Epoch_SortedRowsThatCanBeShuffled_MixesTheClasses()
    {
        var stream = new ImageStream(Sorted(canShuffle: true), 10 * RowBytes);

        var first = RowNumbers(stream.Epoch(8, Order()));

        CollectionAssert.AreEqual(Enumerable.Range(0, Rows).ToArray(), first.Order().ToArray());
        CollectionAssert.AreEqual(first, RowNumbers(stream.Epoch(8, Order())));
        CollectionAssert.AreNotEqual(first, RowNumbers(stream.Epoch(8, Order(epoch: 1))));
        Assert.AreEqual(Rows / 4, first.Take(Rows / 2).Count(row => row < Rows / 2), 10); // five standard deviations of chance are 12.5
    }

    [TestMethod]
    public void LateClasses_SortedRowsThatHaveOneOrder_AreThoseBehindTheBuffer()
    {
        Assert.HasCount(0, new ImageStream(Sorted(canShuffle: false), 10 * RowBytes).LateClasses); // so few rows may lack one by chance
        Assert.AreEqual(1, new ImageStream(Sorted(canShuffle: false), 40 * RowBytes).LateClasses.Single());
        Assert.HasCount(0, new ImageStream(Sorted(canShuffle: false), 60 * RowBytes).LateClasses);
        Assert.HasCount(0, new ImageStream(LabelledRows(Rows), 40 * RowBytes).LateClasses);
        Assert.HasCount(0, new ImageStream(Sorted(canShuffle: true), 40 * RowBytes).LateClasses);
    }

    [TestMethod]
    public void LoadTraining_SortedRowsThatHaveOneOrder_Warns()
    {
        var warnings = new List<string>();
        var options = new NoPropOptions { MaxCachedBytes = 40 * RowBytes };
        using var loader = new ImageLoader(options, static () => { }, warnings.Add);

        loader.LoadTraining(Data(new MLContext(), () => Rows, Sort), new ImageShape(1, 8, 8), static _ => { });

        Assert.Contains("of the 40 that fit in none is of the classes '1': rows that are sorted by class", warnings.Single());
    }

    [TestMethod]
    [DataRow(4, 25)]
    [DataRow(30, 4)] // more than the buffer holds
    [DataRow(65_536, 1)] // more than there are
    public void Epoch_BufferOfAnySize_GivesFullBatches(int batchSize, int expected)
    {
        var stream = new ImageStream(LabelledRows(Rows), 3 * RowBytes);
        var sizes = new List<long>();

        foreach (var batch in stream.Epoch(batchSize, new RandomStreams(1).Of("order")))
        {
            sizes.Add(batch.Labels.shape[0]);
            batch.Dispose();
        }

        Assert.HasCount(expected, sizes);
        Assert.IsTrue(sizes.SkipLast(1).All(size => size == batchSize));
        Assert.AreEqual(Rows, sizes.Sum());
    }

    [TestMethod]
    public void Constructor_MoreRowsThanTheSample_CountsAllAndMeasuresAll()
    {
        var stream = new ImageStream(LabelledRows(2500), 10 * RowBytes);

        Assert.AreEqual(2500, stream.Count);
        Assert.AreEqual(1000, stream.Sample.Count);

        // The first two pixels hold the row's number, the other 62 are 0.
        var expected = Enumerable.Range(0, 2500).Average(row => ((row % 256) + (row / 256)) / 64.0);
        Assert.AreEqual(expected, stream.ChannelStatistics().Mean[0], 1e-6); // sums of whole numbers: rounding of double only
    }

    [TestMethod]
    public void Epoch_Weighted_BringsEachRowsWeight()
    {
        var context = new MLContext();
        var data = context.Transforms
            .CustomMapping<Row, Weight>((row, weight) => weight.Value = row.Pixels[0] % 5, null)
            .Fit(Data(context, () => Rows, _ => { }))
            .Transform(Data(context, () => Rows, _ => { }));
        var options = new NoPropOptions { ExampleWeightColumnName = "Weight" };
        var rows = new LabelledRows(data, options, wanted: null, checkAlive: () => { });
        var stream = new ImageStream(rows, 10 * RowBytes);

        stream.Weights = RowWeights.Of(options, rows.Totals, rows.ClassNames);

        // The weights 0, 1, 2, 3, 4 take turns: their mean is 2.
        foreach (var batch in stream.Epoch(16, Order()))
        {
            using (batch)
            {
                var numbers = RowNumbers([batch with { Labels = batch.Labels.alias(), Pixels = batch.Pixels.alias(), Weights = null }]);
                CollectionAssert.AreEqual(numbers.Select(number => number % 5 / 2f).ToArray(), batch.Weights!.data<float>().ToArray());
            }
        }
    }

    [TestMethod]
    public void Fit_DataAboveMaxCachedBytes_LearnsAsWell()
    {
        var mlContext = new MLContext();
        var data = Data(mlContext, () => 2048, row => row.Pixels[5] = (byte)(row.Label * 250));
        var options = new NoPropOptions { Epochs = 2, BatchSize = 64, HiddenSize = 16, MaxCachedBytes = 65_536 };

        using var model = mlContext.MulticlassClassification.Trainers.NoProp(options).Fit(data);

        Assert.AreEqual(1, mlContext.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy, 0.01);
    }

    private static RandomStream Order(int epoch = 0) => new RandomStreams(7).Of("order", epoch);

    private static int[] RowNumbers(IEnumerable<ImageBatch> batches)
    {
        var numbers = new List<int>();
        foreach (var batch in batches)
        {
            using (batch)
            {
                using var scope = NewDisposeScope();
                var pixels = batch.Pixels.flatten(1).to(ScalarType.Int32);
                numbers.AddRange((pixels.select(1, 0) + (pixels.select(1, 1) * 256)).data<int>().ToArray());
            }
        }

        return [.. numbers];
    }

    private static LabelledRows Sorted(bool canShuffle)
    {
        var context = new MLContext();
        var rows = Data(context, () => Rows, Sort);
        return new LabelledRows(canShuffle ? context.Data.Cache(rows) : rows, new NoPropOptions(), wanted: null, checkAlive: () => { });
    }

    private static void Sort(Row row) => row.Label = row.Pixels[0] < Rows / 2 ? 0u : 1;

    private static LabelledRows LabelledRows(int count) => LabelledRows(() => count);

    private static LabelledRows LabelledRows(Func<int> count) =>
        new(Data(new MLContext(), count, _ => { }), new NoPropOptions(), wanted: null, checkAlive: () => { });

    private static IDataView Data(MLContext mlContext, Func<int> count, Action<Row> mark) =>
        mlContext.Data.LoadFromEnumerable(Generate(count, mark));

    private static IEnumerable<Row> Generate(Func<int> count, Action<Row> mark)
    {
        for (var i = 0; i < count(); i++)
        {
            var row = new Row { Label = (uint)(i % 2) };
            (row.Pixels[0], row.Pixels[1]) = ((byte)(i % 256), (byte)(i / 256));
            mark(row);
            yield return row;
        }
    }

    private sealed class Weight
    {
        [ColumnName("Weight")]
        public float Value { get; set; }
    }

    private sealed class Row
    {
        [VectorType(1, 8, 8)]
        [ColumnName("Features")]
        public byte[] Pixels { get; set; } = new byte[64];

        [KeyType(2)]
        public uint Label { get; set; }
    }

    // Of the process: batches are made ahead by other threads. What earlier tests left to the collector is gone first.
    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
