using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Backends.Managed;

[TestClass]
public sealed class ManagedRunnerTests
{
    // Sides that pooling divides and sides that it does not; widths and class counts on and off the length of a SIMD vector.
    [TestMethod]
    [DataRow(1, 8, 8, 2, 8)]
    [DataRow(1, 9, 13, 3, 8)]
    [DataRow(5, 8, 8, 8, 16)]
    [DataRow(3, 33, 17, 17, 13)]
    [DataRow(1, 28, 28, 10, 64)]
    [DataRow(2, 11, 70, 33, 31)]
    public void Probabilities_AnyShape_AreThoseOfTheBatchRunner(int channels, int height, int width, int classes, int hidden)
    {
        var options = new NoPropOptions { HiddenSize = hidden, Sampling = new() { SolverSteps = 3 } };

        AssertAgree(options, new ImageShape(channels, height, width), classes);
    }

    // A vector of numbers, more than one channel, one value alone.
    [TestMethod]
    [DataRow(1, 1, 29, 7, 16)]
    [DataRow(3, 2, 5, 2, 8)]
    [DataRow(1, 1, 1, 3, 33)]
    public void Probabilities_Mlp_AreThoseOfTheBatchRunner(int channels, int height, int width, int classes, int hidden)
    {
        var options = new NoPropOptions { Backbone = NoPropBackbone.Mlp, HiddenSize = hidden, Sampling = new() { SolverSteps = 3 } };

        AssertAgree(options, new ImageShape(channels, height, width), classes);
    }

    // Three convolutions, the middle one without a max-pool; in discrete time a batch normalisation at the end.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, 1, 8, 8)]
    [DataRow(VariantKind.ContinuousTime, 3, 9, 13)]
    [DataRow(VariantKind.DiscreteTime, 2, 11, 8)]
    public void Probabilities_PaperConv_AreThoseOfTheBatchRunner(VariantKind variant, int channels, int height, int width)
    {
        var options = new NoPropOptions
        {
            Backbone = NoPropBackbone.PaperConv,
            HiddenSize = 13,
            Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
            Sampling = new() { SolverSteps = 2 },
        };

        AssertAgree(options, new ImageShape(channels, height, width), 3);
    }

    // An image network that says nothing of its layers.
    [TestMethod]
    public void Probabilities_ResNet_AreThoseOfTheBatchRunner()
    {
        var options = new NoPropOptions { Backbone = NoPropBackbone.ResNet18, HiddenSize = 13, Sampling = new() { SolverSteps = 2 } };

        AssertAgree(options, new ImageShape(3, 32, 32), 3);
    }

    public static IEnumerable<object[]> ManyClasses =>
    [
        [new NoPropOptions { Sampling = new() { SolverSteps = 2 } }],
        [new NoPropOptions { Sampling = new() { SolverSteps = 2, Draws = 2, ScoreReadout = ScoreReadout.LastState } }],
        [new NoPropOptions
        {
            Sampling = new() { SolverSteps = 2, ScoreReadout = ScoreReadout.LastState, EarlyExit = EarlyExit.WhenClassIsDecided },
        }],
        [new NoPropOptions { Variant = new FlowMatching(), Sampling = new() { SolverSteps = 2 } }],
        [new NoPropOptions { Variant = new DiscreteTime { BlockCount = 1 } }],
    ];

    // A matrix of as many rows and columns would hold 2.2 billion numbers: one-hot labels are places, and no matrix of theirs is made.
    [TestMethod]
    [DynamicData(nameof(ManyClasses))]
    public void Probabilities_ManyOneHotClasses_TakeMemoryInProportion(NoPropOptions options)
    {
        const int classes = 47_000;
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(options, classes);
        var plan = PlanCompiler.For(model, options);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(2, generator);
        var scores = new float[classes];
        var starts = PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, new RandomStreams(5), plan.NoiseCount);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var folded = new FoldedModel(model, plan, starts);
        new ManagedRunner(folded, TinyModel.Shape, Environment.ProcessorCount).Probabilities(pixels[1].data<float>().ToArray(), scores);
        using var batch = new TorchRunner(folded);
        var expected = batch.Probabilities(pixels)[1];

        // Each is near 1/47,000. One that flow matching reads as almost nothing is what is left of a difference: its rounding is absolute.
        Assert.IsTrue(tensor(scores).allclose(expected, rtol: 1e-3, atol: 1e-10));
        // some hundred vectors of H numbers for each class
        Assert.IsLessThan(400L * 8 * classes, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public static IEnumerable<object[]> Allocating =>
    [
        [new NoPropOptions()],
        [new NoPropOptions
        {
            Backbone = NoPropBackbone.Mlp,
            Embedding = new() { Kind = EmbeddingKind.Learned },
            Sampling = new() { Draws = 3, ScoreReadout = ScoreReadout.LastState },
        }],
        [new NoPropOptions { Variant = new FlowMatching(), Sampling = new() { EarlyExit = EarlyExit.WhenClassIsDecided } }],
        [new NoPropOptions { Sampling = new() { ScoreReadout = ScoreReadout.LastState, EarlyExit = EarlyExit.WhenClassIsDecided } }],
        [new NoPropOptions { Backbone = NoPropBackbone.PaperConv, Variant = new DiscreteTime { BlockCount = 2 } }],
    ];

    [TestMethod]
    [DynamicData(nameof(Allocating))]
    public void Probabilities_AfterTheFirstRow_AllocateNothing(NoPropOptions options)
    {
        using var model = TinyModel.Create(options);
        var starts = PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, new RandomStreams(5));
        var folded = new FoldedModel(model, PlanCompiler.For(model, options), starts);
        var runner = new ManagedRunner(folded, TinyModel.Shape, Environment.ProcessorCount);
        var (pixels, scores, votes) = (new float[64], new float[3], new long[starts.Rows]);
        runner.Probabilities(pixels, scores, votes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        runner.Probabilities(pixels, scores, votes);
        runner.Probabilities(pixels, scores);

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public static IEnumerable<object[]> Plans =>
        // 8: z is added to its code
        from embedding in new[] { (EmbeddingKind.OneHot, 3), (EmbeddingKind.LearnedUnitNorm, 5), (EmbeddingKind.LearnedUnitNorm, 8) }
        from solver in Enum.GetValues<OdeSolver>()
        from readout in Enum.GetValues<ScoreReadout>()
        from draws in new[] { 0, 3 }
        select new object[] { embedding.Item1, embedding.Item2, solver, readout, draws };

    [TestMethod]
    [DynamicData(nameof(Plans))]
    public void Probabilities_AnyPlan_AreThoseOfTheBatchRunner(
        EmbeddingKind embedding,
        int dimension,
        OdeSolver solver,
        ScoreReadout readout,
        int draws)
    {
        var options = new NoPropOptions
        {
            HiddenSize = 8,
            Embedding = new() { Kind = embedding, Dimension = dimension },
            Sampling = new() { Solver = solver, SolverSteps = 4, ScoreReadout = readout, Draws = draws },
        };

        AssertAgree(options, new ImageShape(1, 8, 8), 3);
    }

    [TestMethod]
    public void Probabilities_ManyThreadsAtOnce_GiveTheSame()
    {
        var options = new NoPropOptions { HiddenSize = 8 };
        var shape = new ImageShape(1, 8, 8);
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(1), CPU), options, shape, 3);
        TinyModel.ReadLabels(model);
        var starts = PriorDraws.Of(0, 3, new RandomStreams(1));
        var plan = PlanCompiler.For(model, options);
        using var batch = new TorchRunner(model, plan, starts);
        var runner = new ManagedRunner(batch.Folded, shape, Environment.ProcessorCount);
        float[][] images = [.. Enumerable.Range(0, 8).Select(i => Enumerable.Range(0, 64).Select(p => MathF.Sin((i * 64) + p)).ToArray())];
        var expected = images.Select(image => Score(runner, image)).ToArray();
        var results = new float[images.Length][];

        var threads = images.Select((image, i) => new Thread(() =>
        {
            for (var repeat = 0; repeat < 50; repeat++)
            {
                results[i] = Score(runner, image);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        for (var i = 0; i < images.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i], results[i]);
        }

        static float[] Score(ManagedRunner runner, float[] image)
        {
            var scores = new float[3];
            runner.Probabilities(image, scores);
            return scores;
        }
    }

    private static void AssertAgree(NoPropOptions options, ImageShape shape, int classes)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(2), CPU), options, shape, classes);
        TinyModel.ReadLabels(model);
        model.Normalization.Set([.. Enumerable.Repeat(0.4, shape.Channels)], [.. Enumerable.Range(1, shape.Channels).Select(c => 0.1 * c)]);
        var plan = PlanCompiler.For(model, options);
        using var batch = new TorchRunner(
            model,
            plan,
            PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, new RandomStreams(5)));
        var runner = new ManagedRunner(batch.Folded, shape, Environment.ProcessorCount);
        var pixels = rand([3, shape.Channels, shape.Height, shape.Width], generator: generator);
        var expected = batch.Probabilities(pixels).data<float>().ToArray();

        for (var row = 0; row < 3; row++)
        {
            var scores = new float[classes];
            runner.Probabilities(pixels[row].data<float>().ToArray(), scores);

            for (var k = 0; k < classes; k++)
            {
                // Single precision, in another order; 1e-5 is what the project asks of its row path and batch path.
                Assert.AreEqual(expected[(row * classes) + k], scores[k], 1e-5);
            }

            Assert.AreEqual(1, scores.Sum(), 1e-5);
        }
    }
}
