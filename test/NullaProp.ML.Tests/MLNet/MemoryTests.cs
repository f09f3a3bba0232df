using System.Runtime.CompilerServices;
using Microsoft.ML;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Native memory: nothing lives on that the user has disposed of, and serving makes nothing that stays.</summary>
[TestClass]
public sealed class MemoryTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);

    public static IEnumerable<object[]> Trainings =>
    [
        ["defaults", TinyImages.Options],
        ["draws", TinyImages.Options with { Sampling = TinyImages.Options.Sampling with { Draws = 3 } }],
        [
            "rejection columns",
            TinyImages.Options with
            {
                Sampling =
                    TinyImages.Options.Sampling with { Draws = 2, EntropyColumnName = "Entropy", DisagreementColumnName = "Disagreement" },
            },
        ],
        [
            "the JAX reference's",
            NoPropOptions.JaxReference with
            {
                Epochs = 1,
                HiddenSize = 16,
                BatchSize = 16,
                Embedding = NoPropOptions.JaxReference.Embedding with { Dimension = 8 },
                Sampling = NoPropOptions.JaxReference.Sampling with { SolverSteps = 2 },
            },
        ],
        [
            "unit norm",
            TinyImages.Options with
            {
                Variant = ((ContinuousTime)TinyImages.Options.Variant) with { DenoisingLoss = DenoisingLoss.CrossEntropy },
                Embedding = TinyImages.Options.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm, Dimension = 8 },
            },
        ],
        [
            "features in the middle",
            TinyImages.Options with
            {
                Embedding =
                    TinyImages.Options.Embedding with
                    {
                        Kind = EmbeddingKind.Learned,
                        Initialization = EmbeddingInitialization.FeatureMedoidByMedian,
                    },
            },
        ],
        [
            "pixels in the middle",
            TinyImages.Options with
            {
                Embedding =
                    TinyImages.Options.Embedding with
                    {
                        Kind = EmbeddingKind.LearnedUnitNorm,
                        Initialization = EmbeddingInitialization.PixelMedoid,
                    },
            },
        ],
        ["plain classifier", TinyImages.Options with { Variant = new CrossEntropyBaseline(), Sampling = new() }],
        ["early stopping", TinyImages.Options with { EarlyStoppingPatience = 1 }],
    ];

    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount; // of this thread, which does all the work here

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void Dispose_AfterFitAndTransform_LeavesNoTensorAlive(string name, NoPropOptions options)
    {
        var before = LiveTensors;

        using (var model = TinyImages.Trainer(Context, _ => options).Fit(Data, Data))
        {
            Context.MulticlassClassification.Evaluate(model.Transform(Data));
            model.Diagnose(Data);
            model
                .WithSampling(other => model.Model.Options.Variant is CrossEntropyBaseline
                    ? other
                    : other with { SolverSteps = 1, Draws = 2 })
                .Dispose();
        }

        Assert.AreEqual(before, LiveTensors, name);
    }

    [TestMethod]
    public void Dispose_AfterSaveAndLoad_LeavesNoTensorAlive()
    {
        var before = LiveTensors;

        using (var model = TinyImages
            .Trainer(Context, options => options with { Sampling = options.Sampling with { Draws = 2 } })
            .Fit(Data))
        {
            ((IDisposable)EstimatorContract.Reloaded(Context, model, Data.Schema)).Dispose();
        }

        Assert.AreEqual(before, LiveTensors);
    }

    [TestMethod]
    public void Transform_CursorLeftHalfWay_LeavesNoTensorAlive()
    {
        using var model = TinyImages.Trainer(Context).Fit(Data);
        Context.MulticlassClassification.Evaluate(model.Transform(Data)); // what batches need is made by the first one
        var before = LiveTensors;

        using (var cursor = model.Transform(Data).GetRowCursor(model.GetOutputSchema(Data.Schema)))
        {
            cursor.MoveNext();
        }

        Assert.AreEqual(before, LiveTensors);
    }

    // A module of the user's own scores with tensors.
    [TestMethod]
    public void Predict_HundredEnginesOfAnOwnModule_KeepsTheNumberOfTensors()
    {
        var trainer = Context.MulticlassClassification.Trainers.NoProp(
            TinyImages.Options with { BackboneName = "of the memory tests" },
            shape => nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(shape.Size, 4))));
        using var model = trainer.Fit(Data);
        Predict(model, engines: 1); // what one row needs is made by the first one
        var (before, made) = (LiveTensors, DisposeScopeManager.Statistics.CreatedInScopeCount);

        for (var i = 0; i < 100; i++)
        {
            Predict(model, engines: 1);

            Assert.AreEqual(before, LiveTensors, $"after engine {i}");
        }

        Assert.IsGreaterThan(10_000, DisposeScopeManager.Statistics.CreatedInScopeCount - made, "scored without tensors");
    }

    // Built-in networks score a row in managed memory, where a buffer of this model takes some kilobytes and an engine several of them.
    [TestMethod]
    public void Predict_HundredEngines_KeepNoManagedMemory()
    {
        using var model = TinyImages.Trainer(Context, options => options with { HiddenSize = 8 }).Fit(Data);
        Predict(model, engines: 10);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        Predict(model, engines: 100);

        Assert.IsLessThan(100 * 1_024, GC.GetTotalMemory(forceFullCollection: true) - before);
    }

    // The weights, the folded copies and the starts: that many tensors a model holds, and no more for a second one made of it.
    [TestMethod]
    public void Fit_TenModels_HoldTenTimesTheTensorsOfOne()
    {
        var before = LiveTensors;
        var first = TinyImages.Trainer(Context).Fit(Data);
        var one = LiveTensors - before;

        var models = Enumerable.Range(0, 9).Select(_ => TinyImages.Trainer(Context).Fit(Data)).ToList();

        Assert.IsGreaterThan(0, one);
        Assert.AreEqual(before + (10 * one), LiveTensors);
        models.ForEach(model => model.Dispose());
        first.Dispose();
    }

    // Engines are not disposed of, as in a pool: nothing may hang on their Dispose.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Predict(NoPropTransformer model, int engines)
    {
        var row = new UnlabelledRow { Features = new float[TinyImages.Size] };
        for (var i = 0; i < engines; i++)
        {
            var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
                model,
                new PredictionEngineOptions { OwnsTransformer = false });
            for (var j = 0; j < 100; j++)
            {
                engine.Predict(row);
            }
        }
    }
}
