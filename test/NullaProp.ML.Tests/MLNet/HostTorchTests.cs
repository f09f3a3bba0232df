using System.Collections.Concurrent;
using Microsoft.ML;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What the host program sets in its own libtorch changes nothing in our models, and we change nothing of it.</summary>
[TestClass]
public sealed class HostTorchTests
{
    private const string Weights = "weights.safetensors";

    public static IEnumerable<object[]> Variants => Enum.GetValues<VariantKind>().Select(kind => new object[] { kind });

    // Messages and readings before and after a training leave it as they like.
    [TestCleanup]
    public void TurnGradientsOn() => set_grad_enabled(true);

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Model_HostsDefaultTypeIsDouble_TrainsScoresSavesAndLoadsTheSame(VariantKind kind)
    {
        var (bytes, scores) = Trained(Options(kind));

        set_default_dtype(ScalarType.Float64);
        try
        {
            var (others, otherScores) = Trained(Options(kind));

            CollectionAssert.AreEqual(bytes, others);
            AssertEqual(scores, otherScores);
            Assert.AreEqual(ScalarType.Float64, get_default_dtype());
        }
        finally
        {
            set_default_dtype(ScalarType.Float32);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Model_HostsDefaultDeviceIsAnother_TrainsScoresSavesAndLoadsTheSame(VariantKind kind)
    {
        var (bytes, scores) = Trained(Options(kind));

        set_default_device(new Device(DeviceType.META)); // holds no values: whoever asks it for a tensor reads nothing
        try
        {
            var (others, otherScores) = Trained(Options(kind));

            CollectionAssert.AreEqual(bytes, others);
            AssertEqual(scores, otherScores);
        }
        finally
        {
            set_default_device(CPU);
        }
    }

    // A listener is the host's code in the middle of ours.
    [TestMethod]
    [DataRow("progress")]
    [DataRow("log")]
    public void Fit_ListenerMakesTensorsAndTurnsGradientsOff_KeepsThemAndTrainsTheSame(string listener)
    {
        var (bytes, _) = Trained(Options(VariantKind.ContinuousTime));
        var context = new MLContext(seed: 1);
        var kept = new List<Tensor>();
        if (listener == "log")
        {
            context.Log += (_, _) => Listen();
        }

        var run = new NoPropRun
        {
            Validation = Tiny.Data(context, 4),
            Progress = listener == "progress" ? new Listener(Listen) : null,
        };
        using var model = Tiny.Trainer(context, Options(VariantKind.ContinuousTime)).Fit(Tiny.Data(context), run);

        CollectionAssert.AreEqual(bytes, ModelZip.Of(context, model).Entry(Weights));
        Assert.IsNotEmpty(kept);
        Assert.IsTrue(kept.TrueForAll(tensor => !tensor.IsInvalid), "a tensor of the host was disposed of");
        kept.ForEach(tensor => tensor.Dispose());

        void Listen()
        {
            kept.Add(tensor(1.5f));
            set_grad_enabled(false);
        }
    }

    // So is a step before the trainer, where its rows are read again in every epoch.
    [TestMethod]
    public void Fit_RowsReadAgainMakeTensorsAndTurnGradientsOff_KeepsThemAndTrainsTheSame()
    {
        var context = new MLContext(seed: 1);
        var options = Options(VariantKind.ContinuousTime) with { MaxCachedBytes = 65_536, BatchSize = 256 };
        var kept = new ConcurrentBag<Tensor>();
        var view = Tiny.Data(context, count: 1_200); // 64 bytes each
        var reading = context.Data.FilterByCustomPredicate<NamedRow>(view, _ => Read());
        using var undisturbed = Tiny.Trainer(context, options).Fit(view, new NoPropRun { Validation = view });

        using var model = Tiny.Trainer(context, options).Fit(reading, new NoPropRun { Validation = reading });

        CollectionAssert.AreEqual(ModelZip.Of(context, undisturbed).Entry(Weights), ModelZip.Of(context, model).Entry(Weights));
        Assert.IsGreaterThan(4 * 1_200, kept.Count, "the rows were read again");
        Assert.IsTrue(kept.All(tensor => !tensor.IsInvalid), "a tensor of the host was disposed of");
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }

        bool Read()
        {
            kept.Add(tensor(1.5f));
            set_grad_enabled(false);
            return false;
        }
    }

    [TestMethod]
    [DataRow("no_grad")]
    [DataRow("inference_mode")]
    [DataRow("enable_grad")]
    [DataRow("set_grad_enabled")]
    public void Model_HostsGradientMode_TrainsTheSameAndStaysAsItWas(string mode)
    {
        var options = Options(VariantKind.ContinuousTime);
        var (bytes, scores) = Trained(options);
        using var hosts = mode switch
        {
            "no_grad" => no_grad(),
            "inference_mode" => inference_mode(),
            "enable_grad" => enable_grad(),
            _ => set_grad_enabled(false),
        };
        var before = (is_grad_enabled(), is_inference_mode_enabled());

        var (others, otherScores) = Trained(options);

        CollectionAssert.AreEqual(bytes, others);
        AssertEqual(scores, otherScores);
        Assert.AreEqual(before, (is_grad_enabled(), is_inference_mode_enabled()));
    }

    [TestMethod]
    public void Fit_PreviousWasFirstUsedInInferenceMode_TrainsOn()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        using var loaded = ModelZip.Of(context, model).Load<NoPropTransformer>(context);
        using (inference_mode())
        {
            Tiny.Scores(context, loaded, Tiny.Photos());
        }

        using var further = Tiny.Trainer(context).Fit(Tiny.Data(context), loaded);

        Tiny.AssertScores(context, further);
    }

    [TestMethod]
    public void Model_MadeLoadedAndFirstUsedInHostsDisposeScopes_OutlivesThem()
    {
        var context = new MLContext(seed: 1);
        var before = Fault.LiveTensors;
        NoPropTransformer model, loaded, finer;
        float[][] scores;
        using (NewDisposeScope())
        {
            model = Tiny.Model(context);
            loaded = ModelZip.Of(context, model).Load<NoPropTransformer>(context);
            using (NewDisposeScope())
            {
                scores = Tiny.Scores(context, loaded, Tiny.Photos());
                finer = model.WithSampling(sampling => sampling with { SolverSteps = 3 });
                Tiny.AssertScores(context, finer);
            }
        }

        Tiny.AssertScores(context, model, scores);
        Tiny.AssertScores(context, loaded, scores);
        Tiny.AssertScores(context, finer);
        using var further = Tiny.Trainer(context).Fit(Tiny.Data(context), model);
        Tiny.AssertScores(context, further);
        Array.ForEach([model, loaded, finer, further], used => used.Dispose());
        Assert.AreEqual(before, Fault.LiveTensors);
    }

    [TestMethod]
    public void Model_HostsGenerator_GivesAndTakesNothing()
    {
        var options = Options(VariantKind.ContinuousTime);
        random.manual_seed(7);
        var (bytes, scores) = Trained(options);
        using var after = randn(4, dtype: ScalarType.Float32, device: CPU);

        random.manual_seed(8);
        var (others, otherScores) = Trained(options);
        random.manual_seed(7);
        using var alone = randn(4, dtype: ScalarType.Float32, device: CPU);

        CollectionAssert.AreEqual(bytes, others);
        AssertEqual(scores, otherScores);
        CollectionAssert.AreEqual(alone.data<float>().ToArray(), after.data<float>().ToArray());
    }

    // Sums of other parts differ in the last digits, and training multiplies that.
    [TestMethod]
    public void Model_HostsNumberOfThreads_StaysAndMovesNoScoreByMuch()
    {
        var context = new MLContext(seed: 1);
        var threads = get_num_threads();
        using var model = Tiny.Model(context);
        var scores = Tiny.Scores(context, model, Tiny.Photos());

        set_num_threads(threads + 1);
        try
        {
            var others = Tiny.Scores(context, model, Tiny.Photos());
            Trained(Options(VariantKind.DiscreteTime));

            Assert.AreEqual(threads + 1, get_num_threads());
            foreach (var (expected, actual) in scores.Zip(others))
            {
                Tiny.AssertEqual(expected, actual);
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static NoPropOptions Options(VariantKind kind) => Tiny.Options with
    {
        Augmentation = new() { RandomCropPadding = 1, HorizontalFlipProbability = 0.5, RotationDegrees = 10 },
        Embedding = kind == VariantKind.DiscreteTime
            ? new() { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.FeatureMedoidBySum }
            : new(),
        Sampling = kind is VariantKind.ContinuousTime or VariantKind.FlowMatching ? Tiny.Options.Sampling : new(),
        Variant = kind.Create(new DiscreteTime { BlockCount = 2 }),
    };

    // Weights, and the scores of the loaded model: of a batch, and of each row by itself.
    private static (byte[] Weights, float[][] Scores) Trained(NoPropOptions options)
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Trainer(context, options).Fit(Tiny.Data(context), validation: Tiny.Data(context, 4));
        var zip = ModelZip.Of(context, model);
        using var loaded = zip.Load<NoPropTransformer>(context);
        using var engine = context.Model.CreatePredictionEngine<Photo, Scored>(
            loaded, new PredictionEngineOptions { OwnsTransformer = false });
        var rows = Tiny.Photos().Select(photo => engine.Predict(photo).Score.ToArray());
        return (zip.Entry(Weights), [.. Tiny.Scores(context, loaded, Tiny.Photos()), .. rows]);
    }

    private static void AssertEqual(float[][] expected, float[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        foreach (var (left, right) in expected.Zip(actual))
        {
            CollectionAssert.AreEqual(left, right);
        }
    }

    private sealed class NamedRow
    {
        public string Name { get; set; } = string.Empty;
    }

    private sealed class Listener(Action heard) : IProgress<NoPropProgress>
    {
        public void Report(NoPropProgress value) => heard();
    }
}
