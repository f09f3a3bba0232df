using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.TrainingImages;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>
/// The loss of a batch, computed a second time in double precision straight from the formulas, by code that shares nothing with the
/// library.
/// </summary>
[TestClass]
public sealed class LossRecomputationTests
{
    private const int Seed = 23;
    private const int Few = 3;
    private const int Many = 20; // classes: a one-hot label is longer than its code of 8 values and is read by parts
    private static readonly long[] Labels = [0, 1, 2, 1, 0];
    private static readonly NoPropOptions Uniform = new()
    {
        Variant = new ContinuousTime { DenoisingLoss = DenoisingLoss.SquaredError, LogSnrAtLabel = 5 },
    };

    [TestMethod]
    public void Nullaprop_OneBatch_IsTheReferencesLossWithoutItsBroadcast()
    {
        using var scope = NewDisposeScope();
        using var model = Model(NoPropOptions.JaxReference);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, NoPropOptions.JaxReference, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        var draws = new LossDraws(Seed, Labels.Length, reference.Embedding.shape[1]);
        var slopes = draws.Times.Select(schedule.SnrRate).ToArray();
        var errors = Errors(reference, schedule, draws, batch).data<double>().ToArray();
        var denoising = slopes.Zip(errors, (slope, error) => 0.5 * slope * error).Average();
        // the mean of the JAX reference's (B, B) product: its SNR′ is (B, 1), its error (B)
        var broadcast = 0.5 * slopes.Average() * errors.Average();
        var prior = 0.5 * reference.Clean(batch.Labels).square().sum(1).mean().item<double>();
        var z1 = LossDraws.AddNoise(reference.Clean(batch.Labels), draws.EndEpsilon, Enumerable.Repeat(schedule.LogSnr(1), Labels.Length));
        var logits = reference.Logits(batch.Pixels, z1, ones(Labels.Length, 1, dtype: ScalarType.Float64));
        var readout = ReferenceModel.CrossEntropy(logits, batch.Labels).mean().item<double>();

        // Single precision through some ten layers.
        Assert.AreEqual(1, terms[0] / denoising, 1e-4);
        Assert.AreEqual(1, terms[1] / prior, 1e-6);
        Assert.AreEqual(1, terms[2] / readout, 1e-5);
        Assert.IsGreaterThan(0.02, Math.Abs((terms[0] / broadcast) - 1), $"the broadcast would give {broadcast}, the loss is {terms[0]}");
    }

    [TestMethod]
    public void Uniform_OneBatch_IsTheUniformlyWeightedDistance()
    {
        using var scope = NewDisposeScope();
        var options = Uniform;
        using var model = Model(options);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, options, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        var rows = Rows(reference, schedule, new LossDraws(Seed, Labels.Length, 3), batch);
        Assert.AreEqual(1, terms[0] / rows.mean().item<double>(), 1e-4);
    }

    [TestMethod]
    [DataRow(Few)]
    [DataRow(Many)]
    public void Default_OneBatch_IsTheUniformlyWeightedCrossEntropy(int classes)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions();
        using var model = Model(options, classes);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, options, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        var draws = new LossDraws(Seed, Labels.Length, classes);
        var z = LossDraws.AddNoise(reference.Clean(batch.Labels), draws.Epsilon, draws.Times.Select(schedule.LogSnr));
        var weights = LossDraws.Column(draws.Times.Select(t => schedule.LogSnrRate(t) / schedule.Span)).squeeze(1);
        var rows = weights * ReferenceModel.CrossEntropy(reference.Logits(batch.Pixels, z, LossDraws.Column(draws.Times)), batch.Labels);
        Assert.AreEqual(1, terms[0] / rows.mean().item<double>(), 1e-4);
    }

    // The gradient of the denoiser is that of the mean loss alone; what the schedule's own aim adds must not reach it.
    [TestMethod]
    [DataRow(Few)]
    [DataRow(Many)]
    public void Uniform_ScheduleLowersVariance_DenoiserGradientIsThatOfTheLoss(int classes)
    {
        using var scope = NewDisposeScope();
        var options = Uniform;
        using var model = Model(options, classes);
        using var batch = TinyModel.Batch(4, Labels);

        Backward(model, options, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        Rows(reference, schedule, new LossDraws(Seed, Labels.Length, classes), batch).mean().backward();
        foreach (var (name, value) in model.Weights.Trained.Where(weight => !weight.Key.StartsWith("schedule.", StringComparison.Ordinal)))
        {
            var expected = reference.Gradient(name);
            // Relative to the largest entry of the same weight; single precision backwards through ten layers.
            Assert.IsLessThan(
                1e-3 * Math.Max(1e-4, expected.abs().max().item<double>()),
                (value.grad!.to(ScalarType.Float64) - expected).abs().max().item<double>(),
                name);
        }
    }

    // The schedule's gradient is that of the mean of l², l a row's loss: E[l] does not depend on the schedule, so lowering E[l²] lowers the
    // variance (Kingma et al. 2021, arXiv 2107.00630, section 5.1). Compared with central differences of the recomputed loss.
    [TestMethod]
    [DataRow("slopes", 0, Few)]
    [DataRow("slopes", 40, Few)]
    [DataRow("offsets", 7, Few)]
    [DataRow("mixture", 3, Few)]
    [DataRow("mixture", 63, Few)]
    [DataRow("level", 0, Few)]
    [DataRow("slopes", 40, Many)]
    [DataRow("mixture", 3, Many)]
    [DataRow("level", 0, Many)]
    public void Uniform_ScheduleLowersVariance_ItsGradientIsThatOfTheMeanSquare(string weight, int index, int classes)
    {
        const double h = 1e-3;
        using var scope = NewDisposeScope();
        var options = Uniform;
        using var model = Model(options, classes);
        using var batch = TinyModel.Batch(4, Labels);

        Backward(model, options, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        var draws = new LossDraws(Seed, Labels.Length, classes);
        var expected = (MeanSquare(schedule.With(weight, index, h)) - MeanSquare(schedule.With(weight, index, -h))) / (2 * h);
        var gradient = TinyModel.Weight(model, "schedule." + weight).grad!.flatten()[index].item<float>();
        // Single precision, in which g and g(0) nearly cancel: 1% of a gradient.
        Assert.AreEqual(expected, gradient, 0.01 * Math.Abs(expected), $"{expected} {gradient}");

        double MeanSquare(ReferenceSchedule changed) => Rows(reference, changed, draws, batch).square().mean().item<double>();
    }

    // The loss itself trains a schedule that is learned jointly, its ends included.
    [TestMethod]
    [DataRow("slopes", 11)]
    [DataRow("mixture", 5)]
    [DataRow("noise_end", 0)]
    [DataRow("label_end", 0)]
    public void LearnedJointly_AnyScheduleWeight_ItsGradientIsThatOfTheWholeLoss(string weight, int index)
    {
        const double h = 1e-4;
        using var scope = NewDisposeScope();
        var options = new NoPropOptions
        {
            Variant = new ContinuousTime
            {
                DenoisingLoss = DenoisingLoss.SquaredError,
                NoiseSchedule = NoiseScheduleKind.LearnedJointly,
                LossWeighting = LossWeighting.SnrDerivative,
                LogSnrAtNoise = -3,
                LogSnrAtLabel = 2,
            },
        };
        using var model = Model(options);
        using var batch = TinyModel.Batch(4, Labels);

        Backward(model, options, batch);

        var (reference, schedule) = (new ReferenceModel(model), new ReferenceSchedule(model));
        var draws = new LossDraws(Seed, Labels.Length, 3);
        var expected = (Whole(schedule.With(weight, index, h)) - Whole(schedule.With(weight, index, -h))) / (2 * h);
        var gradient = TinyModel.Weight(model, "schedule." + weight).grad!.flatten()[index].item<float>();
        Assert.AreEqual(expected, gradient, 0.01 * Math.Abs(expected), $"{expected} {gradient}");

        // Eq. (9) of the paper with the exact divergence and the Gaussian posterior of one-hot classes, √ᾱ/(1−ᾱ)·z up to a constant.
        double Whole(ReferenceSchedule changed)
        {
            var denoising =
                (LossDraws.Column(draws.Times.Select(changed.SnrRate)).squeeze(1) * Errors(reference, changed, draws, batch))
                    .mean()
                    .item<double>() / 2;
            var start = 1 / (1 + Math.Exp(-changed.LogSnr(0)));
            var prior = 0.5 * (start - (3 * start) - (3 * Math.Log(1 - start)));
            var end = changed.LogSnr(1);
            var z1 = LossDraws.AddNoise(reference.Clean(batch.Labels), draws.EndEpsilon, Enumerable.Repeat(end, Labels.Length));
            var scale = Math.Sqrt(1 / (1 + Math.Exp(-end))) * (1 + Math.Exp(end));
            return denoising + prior + ReferenceModel.CrossEntropy(z1 * scale, batch.Labels).mean().item<double>();
        }
    }

    private static Denoiser Model(NoPropOptions options, int classes = Few)
    {
        var model = TinyModel.Create(options, classes, seed: 8);
        model.Normalization.Set([0.4], [1 / 0.3]);
        if (options.Embedding.Kind == EmbeddingKind.Learned)
        {
            // of length near 2, so that z matters
            TinyModel.Set(model, "embedding.rows", [.. Enumerable.Range(0, 24).Select(i => MathF.Sin(i))]);
        }

        return model;
    }

    private static double[] Backward(Denoiser model, NoPropOptions options, ImageBatch batch)
    {
        using var terms = new ContinuousTimeLoss(model, (ContinuousTime)options.Variant).Backward(batch, TinyModel.Training(Seed));
        return [.. terms.data<float>().Select(term => (double)term)];
    }

    // ‖û − u‖² at the drawn times, (B).
    private static Tensor Errors(ReferenceModel reference, ReferenceSchedule schedule, LossDraws draws, ImageBatch batch)
    {
        var z = LossDraws.AddNoise(reference.Clean(batch.Labels), draws.Epsilon, draws.Times.Select(schedule.LogSnr));
        return reference.SquaredError(reference.Logits(batch.Pixels, z, LossDraws.Column(draws.Times)), batch.Labels);
    }

    // The same under uniform weight, λ′/(λ₁−λ₀)·‖û − u‖².
    private static Tensor Rows(ReferenceModel reference, ReferenceSchedule schedule, LossDraws draws, ImageBatch batch) =>
        LossDraws
            .Column(draws.Times.Select(t => schedule.LogSnrRate(t) / schedule.Span))
            .squeeze(1) * Errors(reference, schedule, draws, batch);
}
