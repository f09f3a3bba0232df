using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Plan;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Backends.Torch;

[TestClass]
public sealed class TorchRunnerTests
{
    private const int Images = 4;

    public static IEnumerable<object[]> Plans =>
        // 8: z is added to its code
        from embedding in new[] { (EmbeddingKind.OneHot, 3), (EmbeddingKind.LearnedUnitNorm, 5), (EmbeddingKind.Learned, 8) }
        from dynamics in Enum.GetValues<FlowDynamics>()
        from solver in Enum.GetValues<OdeSolver>()
        where dynamics != FlowDynamics.Ancestral // not determined by its start
        from readout in new[] { ScoreReadout.PathMean, ScoreReadout.LastPrediction }
        select new object[] { embedding.Item1, embedding.Item2, dynamics, solver, readout };

    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [TestMethod]
    [DynamicData(nameof(Plans))]
    public void Probabilities_AnyPlan_AreThoseOfDoubleArithmetic(
        EmbeddingKind embedding, int dimension, FlowDynamics dynamics, OdeSolver solver, ScoreReadout readout)
    {
        using var scope = NewDisposeScope();
        var options =
            Options(embedding, dimension) with
            {
                Sampling =
                    Options(embedding, dimension).Sampling with
                    {
                        Dynamics = dynamics,
                        Solver = solver,
                        ScoreReadout = readout,
                        SolverSteps = 6,
                        Draws = 1,
                    },
            };
        using var model = TinyModel.Create(options);
        if (embedding == EmbeddingKind.Learned)
        {
            // so that z matters: it starts at 0.01
            TinyModel.Set(model, "embedding.rows", [.. Enumerable.Range(0, 24).Select(i => MathF.Sin(i))]);
        }

        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var starts = PriorDraws.Of(1, model.Embedding.Dimension, new RandomStreams(5));
        var plan = PlanCompiler.For(model, options);
        using var runner = new TorchRunner(model, plan, starts);

        var actual = runner.Probabilities(pixels);

        for (var image = 0; image < Images; image++)
        {
            var expected = Replay(model, plan, pixels.narrow(0, image, 1), starts.ToTensor());
            for (var k = 0; k < model.ClassCount; k++)
            {
                // Single precision against double over at most 13 evaluations.
                Assert.AreEqual(expected[k], actual[image, k].item<float>(), 1e-5);
            }
        }
    }

    [TestMethod]
    public void Probabilities_AnyImage_SumToOne()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var runner = Runner(model, new NoPropOptions());
        using var generator = new Generator(3);

        var sums = runner.Probabilities(TinyModel.Pixels(Images, generator)).sum(1);

        // Single precision: ten softmaxes, each summing to 1 up to 1e-7.
        Assert.IsLessThan(1e-6f, sums.sub(1).abs().max().item<float>());
    }

    [TestMethod]
    public void Probabilities_NoDraws_StartAtZero()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        var pixels = ones(1, 1, 8, 8);
        using var runner = new TorchRunner(
            model,
            SamplingPlan.SingleEvaluation,
            PriorDraws.Of(0, model.Embedding.Dimension, new RandomStreams(4)));

        var actual = runner.Probabilities(pixels);

        var expected = nn.functional.softmax(model.Logits(model.ImageShare(pixels), zeros(1, 3), zeros(1, 1)), 1);
        Assert.IsTrue(actual.allclose(expected, rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Probabilities_SeveralDraws_AreTheMeanOfSingleOnes()
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions { Sampling = new() { Solver = OdeSolver.Heun, SolverSteps = 3, Draws = 5 } };
        using var model = TinyModel.Create(options);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var starts = PriorDraws.Of(5, 3, new RandomStreams(4));
        var plan = PlanCompiler.For(model, options);
        using var together = new TorchRunner(model, plan, starts);

        var actual = together.Probabilities(pixels);

        var sum = zeros(Images, 3);
        for (var i = 0; i < 5; i++)
        {
            using var single = new TorchRunner(model, plan, starts.RowRange(i, 1));
            sum += single.Probabilities(pixels);
        }

        // Single precision sums of five paths, in another order.
        Assert.IsTrue(actual.allclose(sum / 5, rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Probabilities_PermutedBatch_ArePermuted()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var runner = Runner(model, new NoPropOptions { Sampling = new() { SolverSteps = 4 } });
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(9, generator);
        var order = tensor(new long[] { 4, 0, 8, 2, 7, 1, 3, 6, 5 });

        var permuted = runner.Probabilities(pixels.index_select(0, order));

        // Scores are a function of the image alone; a product may be blocked differently.
        Assert.IsTrue(permuted.allclose(runner.Probabilities(pixels).index_select(0, order), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Probabilities_AloneOrInABatch_AreTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var runner = Runner(model, new NoPropOptions());
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var together = runner.Probabilities(pixels);

        for (var image = 0; image < Images; image++)
        {
            Assert.IsTrue(runner.Probabilities(pixels.narrow(0, image, 1)).allclose(together.narrow(0, image, 1), rtol: 0, atol: 1e-6));
        }
    }

    [TestMethod]
    public void Probabilities_CalledAndDisposed_LeaveNoTensor()
    {
        using var model = TinyModel.Create();
        var before = LiveTensors;

        using (var pixels = ones(2, 1, 8, 8))
        using (var runner = new TorchRunner(model, PlanCompiler.For(model, new NoPropOptions()), PriorDraws.Of(2, 3, new RandomStreams(1))))
        {
            runner.Probabilities(pixels).Dispose();
            var (first, fromNoise) = runner.Diagnosis(pixels, new RandomStreams(1).Of("noise"));
            first.Dispose();
            fromNoise.Dispose();
        }

        Assert.AreEqual(before, LiveTensors);
    }

    [TestMethod]
    public void Probabilities_ManyThreadsAtOnce_GiveTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var runner = Runner(model, new NoPropOptions());
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator).DetachFromDisposeScope();
        var expected = runner.Probabilities(pixels).data<float>().ToArray();
        var results = new float[8][];

        var threads = results.Select((_, i) => new Thread(() =>
        {
            using var own = NewDisposeScope();
            for (var repeat = 0; repeat < 5; repeat++)
            {
                results[i] = runner.Probabilities(pixels).data<float>().ToArray();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        foreach (var result in results)
        {
            CollectionAssert.AreEqual(expected, result);
        }

        pixels.Dispose();
    }

    [TestMethod]
    public void Diagnosis_NetworkThatIgnoresTheLabel_GivesItsProbabilitiesTwice()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.WithLogits(new NoPropOptions(), MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f));
        using var runner = Runner(model, new NoPropOptions());

        var (first, fromNoise) = runner.Diagnosis(ones(2, 1, 8, 8), new RandomStreams(1).Of("noise"));

        var expected = tensor(new[] { 0.5f, 0.3f, 0.2f }).expand(2, 3);
        Assert.IsTrue(first.allclose(expected, rtol: 0, atol: 1e-6));
        Assert.IsTrue(fromNoise.allclose(expected, rtol: 0, atol: 1e-6));
    }

    // Flow matching's noise has deviation 1 − t: z + ½·v with v = (2, −1, −1) at t = ½ is of class 0 as often as drawn here.
    [TestMethod]
    public void Diagnosis_FlowMatching_DrawsNoiseAsTrainingHasItAtEachTime()
    {
        const int images = 4000;
        using var scope = NewDisposeScope();
        var options = new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = VelocityForm.Raw },
            Sampling = new() { Solver = OdeSolver.Euler, SolverSteps = 2, ScoreReadout = ScoreReadout.LastPrediction },
        };
        using var model = TinyModel.WithLogits(options, 2, -1, -1);
        using var runner = Runner(model, options);

        var (_, fromNoise) = runner.Diagnosis(ones(images, 1, 8, 8), new RandomStreams(1).Of("noise"));

        var random = new Random(5);
        var expected = Enumerable.Range(0, 100_000).Average(_ =>
            1 + (0.5 * Normal()) > Math.Max(0.5 * Normal(), 0.5 * Normal()) - 0.5 ? 1.0 : 0);
        var found = fromNoise.argmax(1).eq(0).to(ScalarType.Float64).mean().item<double>();
        Assert.AreEqual(expected, found, 0.02); // some three deviations of the share

        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    private static TorchRunner Runner(Denoiser model, NoPropOptions options)
    {
        var starts = PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, new RandomStreams(1));
        return new TorchRunner(model, PlanCompiler.For(model, options), starts);
    }

    private static NoPropOptions Options(EmbeddingKind embedding, int dimension) =>
        new()
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.Learned, LogSnrAtNoise = -2.5, LogSnrAtLabel = 2.5 },
            Embedding = new() { Kind = embedding, Dimension = dimension },
        };

    // The model's logits, asked for one point at a time; all else in double arithmetic, straight from the definition of the stages.
    // Nothing of the interpreter has a part in it.
    private static double[] Replay(Denoiser model, SamplingPlan plan, Tensor image, Tensor start)
    {
        using var mode = no_grad();
        var share = model.ImageShare(image);
        var matrix = model.Embedding.Matrix().to(ScalarType.Float64);
        var rows = Enumerable.Range(0, model.ClassCount).Select(k => matrix[k].data<double>().ToArray()).ToArray();
        double[] state = [.. start.data<float>().Select(x => (double)x)];
        var (point, previous, score) = (state, new double[state.Length], new double[model.ClassCount]);
        foreach (var stage in plan.Stages)
        {
            var p = Probabilities(point, stage.Time);
            score = [.. score.Zip(p, (sum, x) => sum + (stage.ScoreShare * x))];
            var prediction = Embed(p);
            point = [.. state.Select(
                (z, i) => (stage.State * z) + (stage.Prediction * prediction[i]) + (stage.PreviousPrediction * previous[i]))];
            (state, previous) = (stage.EndsStep ? point : state, prediction);
        }

        return score;

        double[] Probabilities(double[] z, double time)
        {
            var logits = model.Logits(share, tensor(z, dtype: ScalarType.Float32).unsqueeze(0), full(1, 1, (float)time));
            return IdealDenoiser.Softmax([.. logits.data<float>().Select(x => (double)x)]);
        }

        double[] Embed(double[] p) => [.. Enumerable.Range(0, rows[0].Length).Select(d => p.Select((x, k) => x * rows[k][d]).Sum())];
    }
}
