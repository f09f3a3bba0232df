using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training on more data than the memory allowed keeps the same promises: repeatable, stoppable, nothing left behind.</summary>
[TestClass]
public sealed class StreamedFitTests
{
    private const int Rows = 1200; // 64 bytes each: more than the smallest MaxCachedBytes
    private const long Allowed = 65_536;
    private const long InMemory = 1L << 30;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context, Rows);

    [TestMethod]
    public void Fit_Twice_GivesEqualBitsThatAreNotThoseOfDataInMemory()
    {
        using var one = Trainer(Context).Fit(Data);
        using var other = Trainer(Context).Fit(Data);
        using var inMemory = Trainer(Context, InMemory).Fit(Data);

        CollectionAssert.AreEqual(Scores(one), Scores(other));
        CollectionAssert.AreNotEqual(Scores(inMemory), Scores(one), "the data was not streamed");
    }

    // Each took fewer rows into the buffer than make a batch.
    [TestMethod]
    [DataRow(6, 3, 200, 4)]
    [DataRow(300, 1, 32, 65_536)]
    public void Fit_BatchLargerThanTheMemoryAllowed_Trains(int rows, int channels, int side, int batchSize)
    {
        var schema = SchemaDefinition.Create(typeof(Flat));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Byte, channels, side, side);
        var data = Context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(row => new Flat(row, channels * side * side)), schema);
        var options = TinyImages.Options with { HiddenSize = 8, BatchSize = batchSize, MaxCachedBytes = Allowed };

        using var model = Context.MulticlassClassification.Trainers.NoProp(options).Fit(data);

        Assert.HasCount(rows, model.Transform(data).GetColumn<float[]>("Score").ToArray());
    }

    [TestMethod]
    public void Fit_TwoThreadsOneTrainer_BothGiveTheModelOfOne()
    {
        var trainer = Trainer(Context);
        var scores = new float[2][];

        Parallel.For(0, scores.Length, i =>
        {
            using var model = trainer.Fit(Data);
            scores[i] = Scores(model);
        });

        using var alone = trainer.Fit(Data);
        CollectionAssert.AreEqual(Scores(alone), scores[0]);
        CollectionAssert.AreEqual(Scores(alone), scores[1]);
    }

    // Rows are read by another thread here; the cancellation must come through all the same.
    [TestMethod]
    public void Fit_ContextCancelledWhileTraining_ThrowsAndLeavesNothing()
    {
        var expected = Uncounted(() => Trainer(Context, InMemory).Fit(Data).Dispose());
        var context = new MLContext();
        var progress = new Recorder<EpochMetrics>(_ => context.CancelExecution());

        var actual =
            Uncounted(() => Assert.Throws<OperationCanceledException>(() => Trainer(context).Fit(Data, validation: null, progress)));

        Assert.AreEqual(expected, actual);
        Assert.HasCount(1, progress.Reports);
    }

    [TestMethod]
    public void Dispose_AfterFitOfAStream_LeavesNothing()
    {
        var expected = Uncounted(() => Trainer(Context, InMemory).Fit(Data).Dispose());

        var actual = Uncounted(() => Trainer(Context).Fit(Data, Data).Dispose());

        Assert.AreEqual(expected, actual);
    }

    // Batches are made on one thread and disposed of on another, so only the count of the whole process tells. That is not 0 for a model
    // either: TorchSharp forgets to count down when a tensor becomes a parameter.
    private static long Uncounted(Action action)
    {
        GC.Collect(); // what other tests forgot must not be counted down in between
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        action();
        return Tensor.TotalCount - before;
    }

    private static NoPropTrainer Trainer(MLContext context, long allowed = Allowed) =>
        TinyImages.Trainer(context, options => options with { MaxCachedBytes = allowed, HiddenSize = 8, BatchSize = 64 });

    private static float[] Scores(NoPropTransformer model) =>
        [.. model.Transform(Context.Data.TakeRows(Data, 30)).GetColumn<float[]>("Score").SelectMany(row => row)];

    private sealed class Flat(int row, int size)
    {
        [KeyType(2)]
        public uint Label { get; } = (uint)row % 2;

        public byte[] Features { get; } = [.. Enumerable.Range(0, size).Select(i => (byte)((row % 2 * 150) + ((row + i) % 100)))];
    }
}
