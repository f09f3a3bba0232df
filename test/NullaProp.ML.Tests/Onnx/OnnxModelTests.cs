using System.Text.Json;
using NullaProp.ML.Plan;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>Whole models: ONNX Runtime must give their own probabilities.</summary>
[TestClass]
public sealed class OnnxModelTests
{
    internal const int Rows = 16;

    public static IEnumerable<object[]> ContinuousTime =>
        from embedding in Enum.GetValues<EmbeddingKind>()
        from dynamics in Enum.GetValues<FlowDynamics>()
        from solver in Enum.GetValues<OdeSolver>()
        where dynamics != FlowDynamics.Ancestral || solver == OdeSolver.ExponentialEuler
        select new object[] { embedding, dynamics, solver };

    public static IEnumerable<object[]> Readouts =>
        from variant in Enum.GetValues<VariantKind>()
        from readout in Enum.GetValues<ScoreReadout>()
        where variant != VariantKind.CrossEntropyBaseline || readout == new Sampling().ScoreReadout // one evaluation has no way
        from embedding in new[] { EmbeddingKind.OneHot, EmbeddingKind.Learned }
        select new object[] { variant, readout, embedding };

    // Every solver with small image networks, the default one with large ones: 58 models.
    public static IEnumerable<object[]> Combinations =>
        from variant in Enum.GetValues<VariantKind>()
        from backbone in new[]
        {
            NoPropBackbone.SmallConv,
            NoPropBackbone.PaperConv,
            NoPropBackbone.Mlp,
            NoPropBackbone.ResNet18,
            NoPropBackbone.ResNet50,
        }
        from solver in Enum.GetValues<OdeSolver>()
        let isDefault = solver == new Sampling().Solver
        where isDefault || (variant is VariantKind.ContinuousTime or VariantKind.FlowMatching
            && backbone is not (NoPropBackbone.ResNet18 or NoPropBackbone.ResNet50))
        select new object[] { variant, backbone, solver };

    [TestMethod]
    [DynamicData(nameof(ContinuousTime))]
    public void Write_ContinuousTime_GivesTheModelsProbabilities(EmbeddingKind embedding, FlowDynamics dynamics, OdeSolver solver)
    {
        AssertSame(new NoPropOptions
        {
            Embedding = new() { Kind = embedding, Dimension = embedding == EmbeddingKind.OneHot ? null : 5 },
            Sampling = new() { Dynamics = dynamics, Solver = solver, SolverSteps = 4, Draws = 2 },
        });
    }

    [TestMethod]
    [DynamicData(nameof(Readouts))]
    public void Write_AnyVariantAndReadout_GivesTheModelsProbabilities(VariantKind variant, ScoreReadout readout, EmbeddingKind embedding)
    {
        AssertSame(new NoPropOptions
        {
            Variant = variant.Create(new DiscreteTime { BlockCount = 3 }),
            Embedding = new() { Kind = embedding },
            Sampling = new() { ScoreReadout = readout },
        });
    }

    [TestMethod]
    [DataRow(VelocityForm.Raw)]
    [DataRow(VelocityForm.Preconditioned)]
    public void Write_FlowMatching_GivesTheModelsProbabilities(VelocityForm form)
    {
        AssertSame(new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = form },
            Embedding = new() { Kind = EmbeddingKind.LearnedUnitNorm },
            Sampling = new() { SolverSteps = 5, Draws = 3 },
        });
    }

    [TestMethod]
    public void Write_DiscreteTimeWithStoredNoise_GivesTheModelsProbabilities()
    {
        AssertSame(new NoPropOptions
        {
            Variant = new DiscreteTime { BlockCount = 4 },
            Sampling = new() { Dynamics = FlowDynamics.Ancestral, Draws = 3 },
        });
    }

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void Write_AnyVariantBackboneAndSolver_GivesTheModelsProbabilities(
        VariantKind variant, NoPropBackbone backbone, OdeSolver solver)
    {
        AssertSame(new NoPropOptions
        {
            Backbone = backbone,
            Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
            Sampling = new() { Solver = solver, SolverSteps = solver == OdeSolver.Adaptive ? 16 : 2 },
        });
    }

    [TestMethod]
    public void Write_LargeImagesThroughAResNet_GivesTheModelsProbabilities()
    {
        AssertSame(new NoPropOptions { Backbone = NoPropBackbone.ResNet18 }, shape: new ImageShape(3, 64, 65), rows: 2);
    }

    [TestMethod]
    public void Write_TheDeepestResNet_GivesTheModelsProbabilities()
    {
        AssertSame(new NoPropOptions { Backbone = NoPropBackbone.ResNet152 }, rows: 2);
    }

    [TestMethod]
    public void Write_PixelByPixel_ReadsTheSameImages()
    {
        AssertSame(new NoPropOptions(), new OnnxExport { InputLayout = OnnxLayout.ChannelsLast }, new ImageShape(3, 8, 12));
    }

    [TestMethod]
    public void Write_Vectors_ReadTheSameImages()
    {
        AssertSame(new NoPropOptions(), new OnnxExport { InputLayout = OnnxLayout.Vector }, new ImageShape(3, 8, 12));
    }

    [TestMethod]
    public void Write_BytesForATable_IsRefused()
    {
        using var model = new OnnxCase(new NoPropOptions { Backbone = NoPropBackbone.Mlp }, new ImageShape(6, 1, 1));

        var fault = Assert.Throws<InvalidOperationException>(() => model.File(new OnnxExport { InputElement = OnnxElement.Byte }));

        Assert.AreEqual(
            "InputElement is Byte, but the model reads rows of a table, whose values may be negative and have fractions. Choose "
            + "FullPrecision.",
            fault.Message);
    }

    [TestMethod]
    public void Write_Bytes_AreReadAsNumbers()
    {
        using var model = new OnnxCase(new NoPropOptions(), scale: 255);
        using var run = new OnnxRun(model.File(new OnnxExport { InputElement = OnnxElement.Byte }));
        byte[] bytes = [.. model.Pixels.Select(pixel => (byte)pixel)];

        var actual = run.Singles("scores", [Rows, 1, 8, 8], bytes);

        AssertClose(model.Probabilities([.. bytes.Select(value => (float)value)]), actual, 1e-5);
    }

    [TestMethod]
    public void Write_HalfPrecision_IsHalfAsLargeAndDiffersLittle()
    {
        using var model = new OnnxCase(new NoPropOptions());
        var (full, half) = (model.File(new OnnxExport()), model.File(new OnnxExport { Weights = OnnxPrecision.Half }));
        using var run = new OnnxRun(half);

        AssertClose(model.Probabilities(model.Pixels), run.Singles("scores", [Rows, 1, 8, 8], model.Pixels), 1e-3);
        Assert.IsLessThan(0.65 * full.Length, half.Length);
    }

    [TestMethod]
    public void Write_OtherOutputs_FollowFromTheScores()
    {
        using var model = new OnnxCase(new NoPropOptions { Sampling = new() { SolverSteps = 3, Draws = 2 } });
        var export = new OnnxExport { InputName = "x", ScoreName = "p", ClassName = "k", EntropyName = "h", PathName = "way" };
        using var run = new OnnxRun(model.File(export));
        var scores = run.Singles("p", [Rows, 1, 8, 8], model.Pixels).Chunk(3).ToArray();

        var way = run.Singles("way", [Rows, 1, 8, 8], model.Pixels);
        var entropies = run.Singles("h", [Rows, 1, 8, 8], model.Pixels);
        var classes = run.Integers("k", [Rows, 1, 8, 8], model.Pixels);

        var steps = way.Length / (3 * Rows);
        Assert.AreEqual(2 * PlanCompiler.For(model.Network, model.Options).Stages.Count(stage => stage.ScoreShare > 0), steps);
        for (var row = 0; row < Rows; row++)
        {
            Assert.AreEqual(Array.IndexOf(scores[row], scores[row].Max()), classes[row]);
            Assert.AreEqual(-scores[row].Sum(p => p * Math.Log(p)), entropies[row], 1e-5);
            AssertClose(scores[row], way[((((row + 1) * steps) - 1) * 3)..((row + 1) * steps * 3)], 1e-6);
            Assert.AreEqual(steps, way[(row * steps * 3)..((row + 1) * steps * 3)].Sum(), 1e-4);
        }
    }

    [TestMethod]
    public void Write_UnderAnotherName_HasNoOptionalOutputs()
    {
        using var model = new OnnxCase(new NoPropOptions());
        using var run = new OnnxRun(model.File(new OnnxExport { ClassName = null }));

        CollectionAssert.AreEqual(new[] { "scores" }, run.Session.OutputNames.ToArray());
    }

    [TestMethod]
    public void Write_SameModelTwice_GivesTheSameBytes()
    {
        using var model = new OnnxCase(new NoPropOptions { Variant = new DiscreteTime { BlockCount = 3 } });

        CollectionAssert.AreEqual(model.File(new OnnxExport()), model.File(new OnnxExport()));
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    [DataRow(VariantKind.CrossEntropyBaseline)]
    public void Write_DefaultModel_IsNoLargerThanItsWeights(VariantKind variant)
    {
        var options = new NoPropOptions { Variant = variant.Create() };
        using var model = new OnnxCase(options, shape: new ImageShape(1, 28, 28), network: options);
        using var weights = new MemoryStream();
        ModelFile.WriteWeights(weights, model.Stored);

        Assert.IsLessThan(1.01 * weights.Length, model.File(new OnnxExport()).Length);
    }

    [TestMethod]
    public void Write_Metadata_SaysWhatTheFileAloneWouldNot()
    {
        using var model = new OnnxCase(new NoPropOptions());
        using var run = new OnnxRun(model.File(new OnnxExport()));
        var metadata = run.Session.ModelMetadata.CustomMetadataMap;

        CollectionAssert.AreEqual(new[] { "0", "1", "2" }, JsonSerializer.Deserialize<string[]>(metadata["class_names"]));
        Assert.AreEqual("1x8x8", metadata["image_shape"]);
        StringAssert.Contains(metadata["model"], "\"solver\"");
        Assert.IsTrue(metadata.ContainsKey("channel_order") && metadata.ContainsKey("library_version"));
    }

    [TestMethod]
    public void Write_EarlyExit_SaysWhatToChange()
    {
        using var model = new OnnxCase(new NoPropOptions { Sampling = new() { EarlyExit = EarlyExit.WhenClassIsDecided } });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => model.File(new OnnxExport()));

        StringAssert.Contains(fault.Message, "EarlyExit = EarlyExit.Never");
    }

    private static void AssertSame(NoPropOptions options, OnnxExport? export = null, ImageShape? shape = null, int rows = Rows)
    {
        using var model = new OnnxCase(options, shape, rows: rows);
        var (expected, input) = (model.Probabilities(model.Pixels), model.Input(export?.InputLayout ?? OnnxLayout.ChannelsFirst));
        var file = model.File(export ?? new OnnxExport());
        foreach (var optimized in new[] { false, true })
        {
            using var run = new OnnxRun(file, optimized);

            AssertClose(expected, run.Singles("scores", input.Shape, input.Values), 1e-5);
            AssertClose(expected[..3], run.Singles("scores", [1, .. input.Shape[1..]], input.Values[..(input.Values.Length / rows)]), 1e-5);
            CollectionAssert.AreEqual(expected.Chunk(3).Select(Best).ToArray(), run.Integers("class", input.Shape, input.Values));
        }
    }

    private static long Best(float[] scores) => Array.IndexOf(scores, scores.Max());

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], tolerance);
        }
    }
}
