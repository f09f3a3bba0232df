using NullaProp.ML.Data;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// The loss of NoProp-CT, eq. (9) of the paper: read-out −log p(y|z₁), prior KL(q(z₀|y) ‖ N(0, I)) and the weighted denoising error at a random time. The image
/// features are computed once for all of them.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">The form of each term.</param>
internal sealed class ContinuousTimeLoss(Denoiser model, NoPropOptions options) : TrainingLoss
{
    /// <summary>Where <see cref="LossWeighting.MinSnr"/> cuts SNR′.</summary>
    private static readonly Scalar SnrRateLimit = 5.0;

    private readonly Scalar _dimension = model.Embedding.Dimension;
    private readonly bool _trainsPath = model.Embedding.IsLearned || model.Schedule.TrainsEnds;

    /// <inheritdoc/>
    public override Tensor Backward(ImageBatch batch, Generator generator)
    {
        using var scope = NewDisposeScope();
        var embedding = model.Embedding.Matrix(); // (K, D)
        var clean = embedding.index_select(0, batch.Labels); // u, (B, D)
        var imageShare = model.ImageShare(batch.Pixels); // (B, H)
        var time = Times(batch.Labels.shape[0], generator); // (B, 1)
        var trained = model.Schedule.At(time);
        var levels = TrainsScheduleByVariance ? Leaves(trained) : trained;

        var rows = Weight(levels) * Error(batch, embedding, clean, imageShare, time, levels, generator); // (B, 1)
        var terms = new LossTerms(rows.mean(), Prior(clean), Readout(batch, embedding, clean, imageShare, generator));
        terms.Total().backward();
        if (TrainsScheduleByVariance)
        {
            LowerVariance(rows, levels, trained);
        }

        return terms.Detached().MoveToOuterDisposeScope();
    }

    private bool TrainsScheduleByVariance => options.NoiseSchedule == NoiseScheduleKind.Learned;

    // Uniform on [0, 1), one time in each of B equal intervals: the same expectation as independent draws, less variance (Kingma et al. 2021, appendix I.1).
    private Tensor Times(long count, Generator generator)
    {
        var even = tensor(Enumerable.Range(0, (int)count).Select(i => (float)i / count).ToArray()).unsqueeze(1); // (B, 1)
        var offset = rand(1, 1, generator: generator); // (1, 1)
        return even.Plus(offset).frac().to(model.Weights.Device);
    }

    private static Tensor Noise(Tensor like, Generator generator) => randn(like.shape, generator: generator).to(like.device);

    // Third term of eq. (9) without its weight: how far the prediction is from the label.
    private Tensor Error(ImageBatch batch, Tensor embedding, Tensor clean, Tensor imageShare, Tensor time, NoiseLevels levels, Generator generator)
    {
        var z = levels.AddNoise(clean, Noise(clean, generator)); // (B, D)
        var logits = model.Logits(imageShare, z, time); // (B, K)
        if (options.DenoisingLoss == DenoisingLoss.CrossEntropy)
        {
            return nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None).unsqueeze(1); // (B, 1)
        }

        var prediction = nn.functional.softmax(logits, 1).mm(embedding); // û, (B, D)
        return (prediction - clean).square().sum(1, keepdim: true); // (B, 1)
    }

    private Tensor Weight(NoiseLevels levels) => options.LossWeighting switch
    {
        LossWeighting.SnrDerivative => levels.SnrRate().mul(HeldScalar.Half), // (B, 1)
        LossWeighting.MinSnr => levels.SnrRate().clamp_max(SnrRateLimit).mul(HeldScalar.Half), // (B, 1)

        // λ'(t) over its mean turns uniform times into uniform log-SNR, whatever the schedule's shape.
        _ => levels.LogSnrRate / model.Schedule.Span(levels.LogSnr.device), // (B, 1)
    };

    // Second term of eq. (9).
    private Tensor Prior(Tensor clean)
    {
        if (!_trainsPath)
        {
            return zeros([], device: clean.device);
        }

        var squaredNorm = clean.square().sum(1, keepdim: true); // (B, 1)
        if (options.PriorLoss == PriorLoss.HalfSquaredNorm)
        {
            return squaredNorm.mean().mul(HeldScalar.Half);
        }

        var start = model.Schedule.At(zeros(1, 1, device: clean.device)); // (1, 1)
        return ((start.AlphaBar() * squaredNorm.sub(_dimension)) - start.NoiseVariance().log().mul(_dimension)).mean().mul(HeldScalar.Half);
    }

    // First term of eq. (9).
    private Tensor Readout(ImageBatch batch, Tensor embedding, Tensor clean, Tensor imageShare, Generator generator)
    {
        if (options.ReadoutLoss == ReadoutLoss.NoisyLabel && !_trainsPath)
        {
            return zeros([], device: clean.device);
        }

        var one = ones(1, 1, device: clean.device);
        var end = model.Schedule.At(one); // (1, 1)
        var z = end.AddNoise(clean, Noise(clean, generator)); // z₁, (B, D)
        var logits = options.ReadoutLoss == ReadoutLoss.Denoiser ? model.Logits(imageShare, z, one) : Posterior(z, embedding, end); // (B, K)
        return nn.functional.cross_entropy(logits, batch.Labels);
    }

    // ln p(y|z) of Gaussian classes with means √ᾱ·u and variance 1−ᾱ, up to a constant: √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖².
    private static Tensor Posterior(Tensor z, Tensor embedding, NoiseLevels level)
    {
        var scale = level.AlphaBar().sqrt() / level.NoiseVariance(); // (1, 1)
        var squaredNorm = embedding.square().sum(1).unsqueeze(0); // (1, K)
        return (scale * z.mm(embedding.t())) - (level.Snr().mul(HeldScalar.Half) * squaredNorm); // (B, K)
    }

    private static NoiseLevels Leaves(NoiseLevels levels) =>
        new(levels.LogSnr.detach().requires_grad_(), levels.LogSnrRate.detach().requires_grad_());

    // The gradient of the mean of loss² in the schedule, from the gradient of the mean loss that the step has left in the leaves: d(l²) = 2·l·dl (Kingma et al. 2021, appendix I.2).
    private static void LowerVariance(Tensor rows, NoiseLevels leaves, NoiseLevels trained)
    {
        var twice = rows.detach().mul(HeldScalar.Two); // (B, 1)
        var surrogate = (trained.LogSnr * (twice * leaves.LogSnr.grad!)).sum().Plus((trained.LogSnrRate * (twice * leaves.LogSnrRate.grad!)).sum());
        surrogate.backward();
    }
}
