using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <content>The second training reads the data again, and draws other numbers.</content>
public sealed partial class FineTuningTests
{
    // The second training is of other rows than the first where a source gives each row once.
    [TestMethod]
    [DataRow(FineTuning.LastStage)]
    [DataRow(FineTuning.Everything)]
    public void Fit_DataThatCanBeReadOnce_IsRefusedWhenItIsReadAgain(FineTuning tuning)
    {
        var fault = Assert.Throws<InvalidOperationException>(() => Trainer(Options with { FineTuning = tuning }).Fit(Emptied()));

        Assert.StartsWith("Data is read again to train the pretrained network further, and is not what it was:", fault.Message);
        Assert.EndsWith("Save it first, or load it into a list.", fault.Message);
    }

    [TestMethod]
    [DataRow(FineTuning.LastStage)]
    [DataRow(FineTuning.Everything)]
    public void Fit_DataThatHasOtherRowsWhenItIsReadAgain_IsRefused(FineTuning tuning)
    {
        var seed = 0;
        var data = Context.Data.LoadFromEnumerable(Renewed());

        var fault = Assert.Throws<InvalidOperationException>(() => Trainer(Options with { FineTuning = tuning }).Fit(data));

        Assert.Contains("The training data has as many rows as before, but other ones, or in another order.", fault.Message);

        IEnumerable<KeyedPhoto> Renewed()
        {
            foreach (var row in Keyed(seed++)) // as many of each class
            {
                yield return row;
            }
        }
    }

    [TestMethod]
    public void Fit_FeaturesThatNeverVary_DoesNotSpeakOfSlots()
    {
        var table = Context.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(row => new ConstantRow
        {
            Label = (uint)row % 2,
            Features = [row, 1],
        }));

        Assert.IsTrue(
            SpeaksOfSlots(NoPropOptions.Tables with { Epochs = 1, HiddenSize = 8 }, table), "of a table they are spoken of in such words");
        Assert.IsFalse(SpeaksOfSlots(Options with { FineTuning = FineTuning.Frozen }, Data));

        static bool SpeaksOfSlots(NoPropOptions options, IDataView data)
        {
            var logger = new LogLines();
            Trainer(options).Fit(data, new NoPropRun { Logger = logger }).Dispose();
            Assert.IsNotEmpty(logger.Lines);
            return logger.Lines.Any(line => line.Text.Contains("slot", StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void Fit_AutomaticThatCannotGoOn_GivesTheModelOfTheFrozenNetwork()
    {
        var logger = new LogLines();
        var watched = Context.Data.LoadFromEnumerable(Keyed(seed: 3).ToList());
        using var expected = Trainer(Options with { FineTuning = FineTuning.Frozen, EarlyStoppingPatience = Options.Epochs })
            .Fit(Context.Data.LoadFromEnumerable(Keyed(seed: 0).ToList()), new NoPropRun { Validation = watched });

        using var model = Trainer(Options).Fit(Emptied(), new NoPropRun { Validation = watched, Logger = logger });

        Interruptions.AssertSameWeights(expected, model);
        Assert.StartsWith(
            "The pretrained network could not be trained further, and the model is that of before: Data is read again",
            logger.Lines[^1].Text);
    }

    // What is seen in the photos fits the memory, in any order; of the photos themselves 22 do, and come as they are sorted.
    [TestMethod]
    public void Fit_EverythingOnSortedPhotosBeyondTheMemory_WarnsOfTheirOrderAndRepeatsNoWarning()
    {
        const string order = "The training rows take more than MaxCachedBytes, and of the 22 that fit in none is of the classes ";
        var photos = Keyed(seed: 0, rows: 44).OrderBy(photo => photo.Label).ToList();
        photos.Add(new() { Label = 9, Features = photos[0].Features }); // of no class
        var data = new ProbeView(Context.Data.LoadFromEnumerable(photos));
        using var source = new CancellationTokenSource();
        var log = new LogLines(line =>
        {
            if (line.StartsWith(order, StringComparison.Ordinal))
            {
                source.Cancel();
            }
        });
        var options = Options with { FineTuning = FineTuning.Everything, Epochs = 1, MaxCachedBytes = 22 * PretrainedBackbone.Shape.Size };

        Assert.Throws<OperationCanceledException>(
            () => Trainer(options).Fit(data, new NoPropRun { Logger = log, CancellationToken = source.Token }));

        Assert.HasCount(1, log.Lines.Where(line => line.Text.Contains("training rows have no label", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Fit_LastStage_DrawsNothingTwice()
    {
        var asked = new List<(string, int, int)>();
        var trainer = new NoPropTrainer(Context, Options with { FineTuning = FineTuning.LastStage, Epochs = 1 }, new NoPropRun())
        {
            StreamsOf = seed => new RandomStreams(seed) { Asked = Listen },
        };

        trainer.Fit(Data).Dispose();

        Assert.IsGreaterThan(4, asked.Count);
        Assert.HasCount(asked.Count, asked.ToHashSet());

        void Listen(string name, int epoch, int step)
        {
            if (name.Contains("training/", StringComparison.Ordinal))
            {
                asked.Add((name, epoch, step));
            }
        }
    }

    // A source that gives each row once.
    private static IDataView Emptied()
    {
        var rows = new Queue<KeyedPhoto>(Keyed(seed: 0));
        return Context.Data.LoadFromEnumerable(Rest());

        IEnumerable<KeyedPhoto> Rest()
        {
            while (rows.TryDequeue(out var row))
            {
                yield return row;
            }
        }
    }

    private static IEnumerable<KeyedPhoto> Keyed(int seed, int rows = 4) => StripedPhotos.Rows(rows, seed)
        .Select(row => new KeyedPhoto { Label = row.Label == "lies" ? 0u : 1, Features = row.Features });

    private sealed class ConstantRow
    {
        [KeyType(2)]
        public uint Label { get; init; }

        [VectorType(2)]
        public float[] Features { get; init; } = [];
    }

    private sealed class KeyedPhoto
    {
        [KeyType(2)]
        public uint Label { get; init; }

        [VectorType(3, 224, 224)]
        public float[] Features { get; init; } = [];
    }
}
