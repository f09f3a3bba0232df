using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// The loss of NoProp-FM (paper, section 2.2.3): ‖v(z, x, t) − (u − z₀)‖² on the straight path z = t·u + (1−t)·z₀ + σ·ε, and the anchor
/// −log p(y|z̃₁) of the clean label z̃₁ = z + (1−t)·v, which keeps learned embeddings apart. What of v the network says, and the weight of
/// a time, is in <see cref="VelocityForm"/>.
/// </summary>
/// <remarks>Where embeddings are fixed there is nothing to anchor, and the term is 0.</remarks>
/// <param name="model">The model.</param>
/// <param name="options">σ, the form of the velocity and the factor of its term.</param>
internal sealed class FlowMatchingLoss(Denoiser model, FlowMatching options) : ITrainingLoss
{
    private readonly VelocityFlow _flow = VelocityFlow.Of(options.VelocityForm, model.Embedding.Directions);
    private readonly Scalar _factor = options.DenoisingFactor;
    private readonly Scalar _deviation = options.PathNoise;

    /// <inheritdoc/>
    public Tensor Backward(ImageBatch batch, TrainingContext at)
    {
        using var scope = NewDisposeScope();
        var labels = new CleanLabels(model.Embedding.Current(), batch.Labels);
        var (embedding, clean) = (labels.Embedding, labels.Values); // u, (B, D)
        var imageShare = model.Blocks[0].ImageShare(model.Normalization.Apply(batch.Pixels), at); // (B, H)
        var time = TimeSamples.Uniform(batch.Labels.shape[0], at.Stream("time")).to(clean.device); // (B, 1)
        var rest = ones_like(time) - time; // (B, 1)
        var start = at.Noise("start", labels); // z₀, (B, D)
        var z = (time * clean).Plus(rest * start); // (B, D)
        if (options.PathNoise > 0)
        {
            z = z.add(at.Noise("path", labels), _deviation);
        }

        var velocity = _flow.Velocity(embedding.Mixed(model.Blocks[0].Logits(imageShare, z, time)), z, time); // v, (B, D)
        var error = (velocity - (clean - start)).Squared().sum(1, keepdim: true) * _flow.Weight(time); // (B, 1)
        var denoising = batch.Mean(error).mul(_factor);
        var anchor = model.Embedding.IsLearned ? Anchor(batch, embedding, z.Plus(rest * velocity)) : zeros_like(denoising);
        var terms = new LossTerms(denoising, zeros_like(denoising), anchor);
        terms.Total().backward();
        return terms.Detached().MoveToOuterDisposeScope();
    }

    private Tensor Anchor(ImageBatch batch, LabelVectors embedding, Tensor cleanLabel)
    {
        var end = model.Schedule.At(ones(1, 1, dtype: ScalarType.Float32, device: cleanLabel.device)); // (1, 1)
        return batch.CrossEntropy(model.Readout.Logits(cleanLabel, embedding, end));
    }
}

/// <summary>The levels of the straight path t·u + (1−t)·z₀: λ(t) = 2·ln(t/(1−t)), without ends. Nothing to train.</summary>
internal sealed class StraightPathSchedule : NoiseSchedule
{
    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        var rest = ones_like(time) - time; // (B, 1)
        return new((time / rest).log().mul(HeldScalar.Two), ones_like(time).mul(HeldScalar.Two) / (time * rest));
    }

    /// <inheritdoc/>
    /// <remarks>Without bound.</remarks>
    public override Tensor Span(Device device) => tensor(float.PositiveInfinity, dtype: ScalarType.Float32, device: device);

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, 2 * Math.Log(t / (1 - t)), 2 / (t * (1 - t))))];

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr) => logSnr.mul(HeldScalar.Half).sigmoid(); // (B, 1)
}
