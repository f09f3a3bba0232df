using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training a model further: from copies of its weights, which leave it as it is.</summary>
[TestClass]
public sealed class ContinuedFitTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);
    private static readonly NoPropOptions Slow = TinyImages.Options with { LearningRate = 1e-9 };

    private static NoPropTransformer _previous = null!;

    [ClassInitialize]
    public static void Fit(TestContext context) =>
        _previous = TinyImages.Trainer(Context, options => options with { Epochs = 1, LearningRate = 0.002 }).Fit(Data);

    [ClassCleanup]
    public static void Free() => _previous.Dispose();

    [TestMethod]
    public void Fit_FileOfWeightsBesideTheModel_SaysThatItIsNotUsed()
    {
        var logger = new LogLines();
        var options = Slow with { BackboneWeightsPath = "none.safetensors", Epochs = 1 };
        var run = new NoPropRun { Previous = _previous, Logger = logger };

        Context.MulticlassClassification.Trainers.NoProp(options, run).Fit(Data).Dispose();

        Assert.IsTrue(logger.Lines.Any(line => line.Text.StartsWith(
            "BackboneWeightsPath is 'none.safetensors', but nothing of it is used", StringComparison.Ordinal)));
    }

    // On images of another brightness: the scaling of pixels is the first model's, too.
    [TestMethod]
    [DataRow("continuous time")]
    [DataRow("learned embeddings")]
    [DataRow("seed")]
    [DataRow("discrete time")]
    [DataRow("flow matching")]
    [DataRow("baseline")]
    public void Fit_HardlyAnyLearning_ScoresAsBefore(string kind)
    {
        var options = kind switch
        {
            "continuous time" => Slow,
            "learned embeddings" => Slow with { Embedding = Slow.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm, Dimension = 5 } },
            "seed" =>
                NoPropOptions.JaxReference with
                {
                    Epochs = 1,
                    HiddenSize = 16,
                    LearningRate = 1e-9,
                    Seed = 1,
                    Sampling = NoPropOptions.JaxReference.Sampling with { SolverSteps = 2 },
                },
            "discrete time" => Slow with { Variant = new DiscreteTime { BlockCount = 2 } },
            "flow matching" => Slow with { Variant = new FlowMatching() },
            _ => Slow with { Variant = new CrossEntropyBaseline() },
        };
        using var first = TinyImages.Trainer(Context, _ => options with { LearningRate = 0.01 }).Fit(Data);

        using var second = TinyImages.Trainer(Context, _ => options).Fit(Darker(), first);

        AssertClose(Scores(first), Scores(second), 1e-5);
    }

    [TestMethod]
    public void Fit_MoreEpochs_Improve()
    {
        using var further = TinyImages.Trainer(Context, options => options with { Epochs = 4 }).Fit(Data, _previous);

        Assert.IsLessThan(LogLoss(_previous) * 0.9, LogLoss(further));
    }

    [TestMethod]
    public void Fit_Previous_StaysAsItIsAndIsIndependent()
    {
        var before = Scores(_previous);
        var previous = _previous.WithSampling(options => options);

        var further = TinyImages.Trainer(Context).Fit(Data, previous);
        previous.Dispose();

        var scores = Scores(further); // after the other's end
        further.Dispose();
        CollectionAssert.AreEqual(before, Scores(_previous));
        CollectionAssert.AreNotEqual(before, scores);
    }

    // Its weights are what is trained, with the same random numbers.
    [TestMethod]
    public void Fit_PreviousThatScoresOtherwise_GivesEqualBits()
    {
        using var other = _previous.WithSampling(sampling => sampling with { Draws = 3 });

        using var first = TinyImages.Trainer(Context).Fit(Data, _previous);
        using var second = TinyImages.Trainer(Context).Fit(Data, other);

        CollectionAssert.AreEqual(Scores(first), Scores(second));
    }

    [TestMethod]
    public void Fit_Twice_GivesEqualBitsAlsoFromAReloadedModel()
    {
        using var stream = new MemoryStream();
        Context.Model.Save(_previous, Data.Schema, stream);
        stream.Position = 0;
        var loaded = (NoPropTransformer)Context.Model.Load(stream, out _);
        var trainer = TinyImages.Trainer(Context);

        using var first = trainer.Fit(Data, _previous);
        using var again = trainer.Fit(Data, _previous);
        using var reloaded = trainer.Fit(Data, loaded);
        loaded.Dispose();

        CollectionAssert.AreEqual(Scores(first), Scores(again));
        CollectionAssert.AreEqual(Scores(first), Scores(reloaded));
    }

    [TestMethod]
    public void Fit_Patience_RestoresTheBestEpoch()
    {
        var progress = new Recorder<EpochMetrics>();
        var misleading = Context.Transforms.Conversion.MapValueToKey("Label").Fit(TinyImages.Texts(Context))
            .Transform(Context.Data.LoadFromEnumerable(TinyImages.Rows(30, 3, index => TinyImages.Names[(index + 1) % 3], seed: 3)));
        var trainer = TinyImages.Trainer(Context, options => options with { Epochs = 20, EarlyStoppingPatience = 2 });

        using var further = trainer.Fit(Data, _previous, misleading, progress);

        Assert.IsLessThan(20, progress.Reports.Count);
        var metrics = Context.MulticlassClassification.Evaluate(further.Transform(misleading));
        Assert.AreEqual(progress.Reports.Min(epoch => epoch.ValidationLogLoss!.Value), metrics.LogLoss, 1e-5);
    }

    [TestMethod]
    public void Fit_Null_IsNoValidationData()
    {
        using var model = TinyImages.Trainer(Context).Fit(Data, validation: null);
        using var plain = TinyImages.Trainer(Context).Fit(Data);

        CollectionAssert.AreEqual(Scores(plain), Scores(model));
    }

    [TestMethod]
    public void Fit_Disposed_LeavesNoTensor()
    {
        var before = Fault.LiveTensors;

        TinyImages.Trainer(Context).Fit(Data, _previous, Data).Dispose();

        Assert.AreEqual(before, Fault.LiveTensors);
    }

    [TestMethod]
    public void Fit_Cancelled_LeavesNoTensorAndThePreviousUsable()
    {
        var (scores, before) = (Scores(_previous), Fault.LiveTensors); // the first score makes the network
        using var source = new CancellationTokenSource();
        var progress = new Recorder<EpochMetrics>(_ => source.Cancel());

        Assert.Throws<OperationCanceledException>(() => TinyImages
            .Trainer(Context)
            .Fit(Data, _previous, validation: null, progress, source.Token));

        Assert.AreEqual(before, Fault.LiveTensors);
        CollectionAssert.AreEqual(scores, Scores(_previous));
    }

    // Bare keys have no names: those of the model that is trained further stay.
    [TestMethod]
    public void Fit_DataOfABareKey_KeepsTheClassNames()
    {
        var rows = TinyImages.Pixels(24, 3).Select(image => new BareThree { Features = image.Pixels, Label = (uint)image.Class });

        using var further = TinyImages.Trainer(Context).Fit(Context.Data.LoadFromEnumerable(rows), _previous);

        CollectionAssert.AreEqual(_previous.Model.ClassNames.ToArray(), further.Model.ClassNames.ToArray());
    }

    // The estimator promises what the model keeps, or ML.NET refuses the chain.
    [TestMethod]
    public void Fit_DataOfABareKeyInAChain_GivesTheNamesDownstream()
    {
        var data = Context.Data.LoadFromEnumerable(
            TinyImages.Pixels(24, 3).Select(image => new BareThree { Features = image.Pixels, Label = (uint)image.Class }));
        var trainer = Context.MulticlassClassification.Trainers.NoProp(
            _previous.Model.Options with { Epochs = 1 }, new NoPropRun { Previous = _previous });

        using var chain = trainer.Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);

        foreach (var name in chain.Transform(data).GetColumn<string>("PredictedLabel"))
        {
            CollectionAssert.Contains(_previous.Model.ClassNames.ToArray(), name);
        }
    }

    private static IDataView Darker() => TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(
        TinyImages
            .Rows(48, 3, index => TinyImages.Names[index])
            .Select(row => new ImageRow<string> { Label = row.Label, Features = [.. row.Features.Select(pixel => pixel / 4)] })));

    private static double LogLoss(NoPropTransformer model) => Context.MulticlassClassification.Evaluate(model.Transform(Data)).LogLoss;

    private static float[] Scores(NoPropTransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score").SelectMany(row => row)];

    private static void AssertClose(float[] expected, float[] actual, double delta)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], delta);
        }
    }

    private sealed class BareThree
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        [KeyType(3)]
        public uint Label { get; set; }
    }
}
