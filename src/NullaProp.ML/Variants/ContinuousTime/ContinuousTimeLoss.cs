using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// The loss of NoProp-CT, eq. (9) of the paper: read-out −log p(y|z₁), prior KL(q(z₀|y) ‖ N(0, I)) and the weighted denoising error at a
/// random time. The image features are computed once for all of them.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">The form of each term.</param>
internal sealed class ContinuousTimeLoss(Denoiser model, ContinuousTime options) : ITrainingLoss
{
    /// <summary>Where <see cref="LossWeighting.MinSnr"/> cuts SNR′.</summary>
    public const double SnrRateLimit = 5;

    private static readonly Scalar HeldSnrRateLimit = SnrRateLimit;

    /// <summary>What λ′ is divided by at least: a cosine's is 0 at t = 0.</summary>
    private static readonly Scalar SmallestRate = 1e-12;

    private readonly Scalar _factor = options.DenoisingFactor;
    private readonly LabelLoss _label = new(model, options);
    private readonly Scalar _noiseEnd = options.LogSnrAtNoise;
    private readonly Scalar _span = options.LogSnrAtLabel - options.LogSnrAtNoise;

    /// <inheritdoc/>
    public Tensor Backward(ImageBatch batch, TrainingContext at)
    {
        using var scope = NewDisposeScope();
        var labels = new CleanLabels(model.Embedding.Current(), batch.Labels); // u, (B, D)
        var imageShare = Network.ImageShare(model.Normalization.Apply(batch.Pixels), at); // (B, H)
        var time = Times(batch.Labels.shape[0], at); // (B, 1)
        var trained = model.Schedule.At(time);
        var levels = TrainsScheduleByVariance ? Leaves(trained) : trained;

        var rows = Weight(levels).mul(_factor) * Error(labels, imageShare, time, levels, at); // (B, 1)
        var terms = new LossTerms(batch.Mean(rows), _label.Prior(batch, labels), Readout(batch, labels, imageShare, at));
        terms.Total().backward();
        if (TrainsScheduleByVariance)
        {
            LowerVariance(rows, levels, trained);
        }

        return terms.Detached().MoveToOuterDisposeScope();
    }

    private DenoisingBlock Network => model.Blocks[0];

    private bool TrainsScheduleByVariance => options.NoiseSchedule == NoiseScheduleKind.Learned;

    // Even in time, or in log-SNR: shares of the way from λ(0) to λ(1).
    private Tensor Times(long count, TrainingContext at)
    {
        var shares = TimeSamples.Uniform(count, at.Stream("time")).to(model.Weights.Device); // (B, 1)
        return options.TimeSampling == TimeSampling.UniformInLogSnr
            ? model.Schedule.TimeAt(shares.mul(_span).add(_noiseEnd, HeldScalar.One))
            : shares;
    }

    // Third term of eq. (9) without its weight.
    private Tensor Error(CleanLabels labels, Tensor imageShare, Tensor time, NoiseLevels levels, TrainingContext at)
    {
        var z = new NoisyLabels(levels, labels, at.Noise("noise", labels), at.Precision); // (B, D)
        return _label.Error(Network.Logits(imageShare, z, time), labels); // (B, 1)
    }

    private Tensor Weight(NoiseLevels levels)
    {
        var weight = WeightOverTime(levels); // (B, 1)
        return options.TimeSampling == TimeSampling.UniformInLogSnr
            ? weight.mul(_span) / levels.LogSnrRate.clamp_min(SmallestRate)
            : weight;
    }

    private Tensor WeightOverTime(NoiseLevels levels) => options.LossWeighting switch
    {
        LossWeighting.SnrDerivative => levels.SnrRate().mul(HeldScalar.Half), // (B, 1)
        LossWeighting.MinSnr => levels.SnrRate().clamp_max(HeldSnrRateLimit).mul(HeldScalar.Half), // (B, 1)

        // λ'(t) over its mean turns uniform times into uniform log-SNR, whatever the schedule's shape.
        _ => levels.LogSnrRate / model.Schedule.Span(levels.LogSnr.device), // (B, 1)
    };

    // First term of eq. (9).
    private Tensor Readout(ImageBatch batch, CleanLabels labels, Tensor imageShare, TrainingContext at)
    {
        if (options.ReadoutLoss != ReadoutLoss.Denoiser)
        {
            return _label.Readout(batch, labels, at);
        }

        var one = ones(1, 1, dtype: ScalarType.Float32, device: labels.Device);
        var z = new NoisyLabels(model.Schedule.At(one), labels, at.Noise("readout", labels), at.Precision); // z₁, (B, D)
        return batch.CrossEntropy(Network.Logits(imageShare, z, one));
    }

    private static NoiseLevels Leaves(NoiseLevels levels) =>
        new(levels.LogSnr.detach().requires_grad_(), levels.LogSnrRate.detach().requires_grad_());

    // The gradient of the mean of loss² in the schedule, from the gradient of the mean loss that the step has left in the leaves: d(l²) =
    // 2·l·dl (Kingma et al. 2021, appendix I.2). A row of weight w counts as w rows, w·l² and not (w·l)²: its weight is in the leaves'
    // gradients already.
    private static void LowerVariance(Tensor rows, NoiseLevels leaves, NoiseLevels trained)
    {
        var twice = rows.detach().mul(HeldScalar.Two); // (B, 1)
        var surrogate = (trained.LogSnr * (twice * leaves.LogSnr.grad!))
            .sum()
            .Plus((trained.LogSnrRate * (twice * leaves.LogSnrRate.grad!)).sum());
        surrogate.backward();
    }
}
