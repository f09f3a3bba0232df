using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// Discrete time and flow matching by both runners, against the model's layers asked one at a time with the noisy label in full.
/// </summary>
[TestClass]
public sealed class VariantPlanTests
{
    private const int Images = 3;

    public static IEnumerable<object[]> Plans =>
        from variant in new[]
        {
            (VariantKind.DiscreteTime, VelocityForm.Raw),
            (VariantKind.FlowMatching, VelocityForm.Raw),
            (VariantKind.FlowMatching, VelocityForm.Preconditioned),
        }
        // 8: z is added to its code
        from embedding in new[] { (EmbeddingKind.OneHot, 3), (EmbeddingKind.Learned, 5), (EmbeddingKind.LearnedUnitNorm, 8) }
        from readout in Enum.GetValues<ScoreReadout>()
        from draws in new[] { 0, 2 }
        select new object[] { variant.Item1, variant.Item2, embedding.Item1, embedding.Item2, readout, draws };

    [TestMethod]
    [DynamicData(nameof(Plans))]
    public void Probabilities_AnyPlan_AreThoseOfTheWayStepByStep(
        VariantKind variant, VelocityForm form, EmbeddingKind embedding, int dimension, ScoreReadout readout, int draws)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions
        {
            HiddenSize = 8,
            Variant = variant.Create(new DiscreteTime { BlockCount = 3 }, new FlowMatching { VelocityForm = form }),
            Embedding = new() { Kind = embedding, Dimension = dimension },
            Sampling = new() { ScoreReadout = readout, SolverSteps = 3, Draws = draws },
        };
        using var model = TinyModel.Create(options);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var starts = PriorDraws.Of(draws, model.Embedding.Dimension, new RandomStreams(5));
        var plan = PlanCompiler.For(model, options);
        using var runner = new TorchRunner(model, plan, starts);
        var rows = new ManagedRunner(runner.Folded, TinyModel.Shape, Environment.ProcessorCount);

        var actual = runner.Probabilities(pixels);

        var expected =
            Enumerable
                .Range(0, Math.Max(1, draws))
                .Select(draw => Follow(model, plan, pixels, starts.RowRange(draw, 1).ToTensor(), form))
                .Aggregate((sum, next) => sum + next) / Math.Max(1, draws);
        Assert.IsTrue(actual.allclose(expected, rtol: 0, atol: 1e-5)); // single precision in another order
        for (var image = 0; image < Images; image++)
        {
            var scores = new float[3];
            rows.Probabilities(pixels[image].data<float>().ToArray(), scores);
            Assert.IsTrue(tensor(scores).allclose(expected[image], rtol: 0, atol: 1e-5));
        }
    }

    // Stored noise joins the way after every step: the start and noise of each draw lie one after the other.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.OneHot, ScoreReadout.PathMean)]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.Learned, ScoreReadout.LastState)]
    [DataRow(VariantKind.DiscreteTime, EmbeddingKind.Learned, ScoreReadout.PathMean)]
    [DataRow(VariantKind.DiscreteTime, EmbeddingKind.OneHot, ScoreReadout.LastState)]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.OneHot, ScoreReadout.NoisyPathMean)]
    [DataRow(VariantKind.DiscreteTime, EmbeddingKind.Learned, ScoreReadout.NoisyPathMean)]
    public void Probabilities_Ancestral_FollowTheStoredNoise(VariantKind variant, EmbeddingKind embedding, ScoreReadout readout)
    {
        using var scope = NewDisposeScope();
        var options = TinyModel.Small(new NoPropOptions
        {
            Variant = variant.Create(new DiscreteTime { BlockCount = 3 }),
            Embedding = new() { Kind = embedding },
            Sampling = new()
            {
                Dynamics = FlowDynamics.Ancestral,
                Solver = OdeSolver.ExponentialEuler,
                SolverSteps = 3,
                ScoreReadout = readout,
                ReadoutMaxLogSnr = -6, // the first evaluation alone
                Draws = 2,
            },
        });
        using var model = TinyModel.Create(options);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var plan = PlanCompiler.For(model, options);
        var draws = PriorDraws.Of(2, model.Embedding.Dimension, new RandomStreams(5), plan.StoredNoises);
        using var runner = new TorchRunner(model, plan, draws);
        var rows = new ManagedRunner(runner.Folded, TinyModel.Shape, Environment.ProcessorCount);

        var actual = runner.Probabilities(pixels);

        Assert.AreEqual(3, plan.StoredNoises);
        Assert.AreEqual(readout == ScoreReadout.NoisyPathMean, plan.NoiseCount < 3, "the way that ends early was not tested");
        var expected =
            (Follow(model, plan, pixels, draws.RowRange(0, 4).ToTensor())
                + Follow(model, plan, pixels, draws.RowRange(4, 4).ToTensor())) / 2;
        Assert.IsTrue(actual.allclose(expected, rtol: 0, atol: 1e-5)); // single precision in another order
        var scores = new float[3];
        rows.Probabilities(pixels[1].data<float>().ToArray(), scores);
        Assert.IsTrue(tensor(scores).allclose(expected[1], rtol: 0, atol: 1e-5));
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Diagnosis_AnyVariant_IsThatOfTheFirstEvaluationAndOfNoise(VariantKind variant)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions { Variant = variant.Create(new DiscreteTime { BlockCount = 3 }) };
        using var model = TinyModel.Create(options);
        using var generator = new Generator(3);
        var (plan, pixels) = (PlanCompiler.For(model, options), TinyModel.Pixels(Images, generator));
        var starts = PriorDraws.Of(2, model.Embedding.Dimension, new RandomStreams(1));
        using var runner = new TorchRunner(model, plan, starts);
        using var single = new TorchRunner(model, plan.EndingWithPrediction(0), starts);

        var (first, fromNoise) = runner.Diagnosis(pixels, new RandomStreams(3).Of("noise"));

        Assert.IsTrue(first.allclose(single.Probabilities(pixels), rtol: 0, atol: 1e-6));
        Assert.IsLessThan(1e-6f, fromNoise.sum(1).sub(1).abs().max().item<float>());
        Assert.IsFalse(fromNoise.allclose(runner.Probabilities(pixels), rtol: 0, atol: 1e-6), "The noise is not seen.");
    }

    [TestMethod]
    public void For_DiscreteTime_EvaluatesEachBlockOnce()
    {
        var options = new NoPropOptions
        {
            Variant = new DiscreteTime { BlockCount = 5 },
            Sampling = new() { Solver = OdeSolver.Heun, SolverSteps = 7 },
        };
        using var model = TinyModel.Create(options);

        var plan = PlanCompiler.For(model, options);

        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3, 4 }, plan.Stages.Select(stage => stage.Block).ToArray());
    }

    // dz/dt = v: a velocity that is right all the way, u − z₀, leads to u.
    [TestMethod]
    public void For_RawFlowMatching_CarriesAnExactVelocityToTheLabel()
    {
        foreach (var solver in Enum.GetValues<OdeSolver>())
        {
            var options = new NoPropOptions
            {
                Variant = new FlowMatching { VelocityForm = VelocityForm.Raw },
                Sampling = new() { Solver = solver, SolverSteps = 5 },
            };
            using var model = TinyModel.Create(options);
            double[] start = [0.3, -1.2, 0.7];

            var end = PlanExecution.End(PlanCompiler.For(model, options).Stages, start, (_, _) => [1 - start[0], -start[1], -start[2]]);

            Assert.AreEqual(1, end[0], 1e-12);
            Assert.AreEqual(0, end[1], 1e-12);
            Assert.AreEqual(0, end[2], 1e-12);
        }
    }

    // What a read-out makes of z, by its formula: the posterior of Gaussian classes, a linear layer, the nearest embedding, or for one-hot
    // labels of flow matching z itself as proportions.
    private static Tensor Read(Denoiser model, SamplingPlan plan, Tensor z)
    {
        var embedding = model.Embedding.Matrix(); // (K, D)
        var weights = model.Weights.Values.ToDictionary(weight => weight.Key, weight => weight.Value);
        if (weights.TryGetValue("readout.weight", out var layer))
        {
            return nn.functional.softmax(z.mm(layer.t()) + weights["readout.bias"], 1);
        }

        var distances = (z.unsqueeze(1) - embedding.unsqueeze(0)).square().sum(2); // (B, K)
        if (weights.TryGetValue("readout.log_precision", out var logPrecision))
        {
            return nn.functional.softmax(distances * logPrecision.exp() / -2, 1);
        }

        if (plan.Predicts == NetworkPrediction.Velocity)
        {
            var cut = z.clamp_min(0.01 / 3);
            return cut / cut.sum(1, keepdim: true);
        }

        var alphaBar = model.Schedule.At(ones(1, 1)).AlphaBar();
        var differences = (z.unsqueeze(1) - (alphaBar.sqrt() * embedding.unsqueeze(0))).square().sum(2); // (B, K)
        return nn.functional.softmax(differences / (2 * (alphaBar - 1)), 1);
    }

    private static Tensor Follow(Denoiser model, SamplingPlan plan, Tensor pixels, Tensor draw, VelocityForm form = VelocityForm.Raw)
    {
        using var mode = no_grad();
        var images = model.Normalization.Apply(pixels);
        var embedding = model.Embedding.Matrix();
        var isVelocity = plan.Predicts == NetworkPrediction.Velocity;
        var start = draw.narrow(0, 0, 1);
        var outside = isVelocity ? start - start.mm(embedding.pinverse()).mm(embedding) : zeros_like(start); // of the span of W
        var (state, point) = (start - outside, start - outside);
        var previous = zeros(1, draw.shape[1]);
        var noises = 0;
        var score = zeros(Images, model.ClassCount);
        foreach (var stage in plan.Stages)
        {
            var block = model.Blocks[stage.Block];
            var z = point + ((1 - stage.Time) * outside);
            var logits = block.Logits(block.ImageShare(images), z, full(1, 1, (float)stage.Time));
            var prediction = (isVelocity ? logits : nn.functional.softmax(logits, 1)).mm(embedding); // F or û, (B, D)
            score += stage.ScoreShare * (isVelocity
                ? Read(model, plan, z + ((1 - stage.Time) * Velocity(form, prediction, z, stage.Time)))
                : nn.functional.softmax(logits, 1));
            point = (stage.State * state) + (stage.Prediction * prediction) + (stage.PreviousPrediction * previous);
            point = stage.Noise == 0 ? point : point + (stage.Noise * draw.narrow(0, ++noises, 1));
            state = stage.EndsStep ? point : state;
            previous = prediction;
        }

        return score + (plan.StateShare * Read(model, plan, point));
    }

    private static Tensor Velocity(VelocityForm form, Tensor output, Tensor z, double time)
    {
        var labelVariance = 1.0 / 3; // of three classes
        var variance = (time * time * labelVariance) + ((1 - time) * (1 - time));
        return form == VelocityForm.Raw
            ? output
            : (((time * labelVariance) - (1 - time)) / variance * z) + (Math.Sqrt(labelVariance / variance) * output);
    }
}
