using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What a training step lowers.</summary>
internal interface ITrainingLoss
{
    /// <summary>Computes the loss of a batch and adds its gradient to the weights'.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="at">The place in the training, which says what times and noise are drawn.</param>
    /// <returns>The terms without history, (3): denoising, prior, read-out.</returns>
    Tensor Backward(ImageBatch batch, TrainingContext at);
}

/// <summary>The loss of one step by its three terms, each a scalar tensor; what a term does not depend on is left 0.</summary>
/// <param name="Denoising">The weighted denoising term.</param>
/// <param name="Prior">The prior term.</param>
/// <param name="Readout">The read-out term.</param>
internal readonly record struct LossTerms(Tensor Denoising, Tensor Prior, Tensor Readout)
{
    /// <summary>Returns the sum that training lowers, a scalar tensor.</summary>
    public Tensor Total() => Denoising.Plus(Prior).Plus(Readout);

    /// <summary>Returns the terms without their history, (3).</summary>
    public Tensor Detached() => stack([Denoising.detach(), Prior.detach(), Readout.detach()]);
}

/// <summary>Means over the images of a batch, each counting by its weight. Without weights they are the plain means, to the bit.</summary>
internal static class WeightedLoss
{
    /// <summary>
    /// Returns the mean of losses times weights, a scalar tensor. Weights have mean 1 over the training data, not over each batch.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">The loss of each image, (B) or (B, 1).</param>
    public static Tensor Mean(this ImageBatch batch, Tensor rows) =>
        batch.Weights is { } weights ? (rows * weights.view(rows.shape)).mean() : rows.mean();

    /// <summary>Returns the mean cross-entropy, a scalar tensor.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Class logits, (B, K).</param>
    public static Tensor CrossEntropy(this ImageBatch batch, Tensor logits) =>
        batch.Weights is null
            ? nn.functional.cross_entropy(logits, batch.Labels)
            : batch.Mean(nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None));
}

/// <summary>
/// The parts of the loss that the variants share: the error of a prediction, and the two terms of eqs. (8) and (9) that know no image.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">The form of each term.</param>
internal sealed class LabelLoss(Denoiser model, DiffusionVariant options)
{
    private readonly Scalar _dimension = model.Embedding.Dimension;
    private readonly bool _trainsPath = model.Embedding.IsLearned || model.Schedule.TrainsEnds;

    /// <summary>Returns how far predictions are from the label.</summary>
    /// <param name="logits">The network's logits, (B, K).</param>
    /// <param name="labels">The clean labels.</param>
    public Tensor Error(Tensor logits, CleanLabels labels)
    {
        if (options.DenoisingLoss == DenoisingLoss.CrossEntropy)
        {
            return nn.functional.cross_entropy(logits, labels.Classes, reduction: nn.Reduction.None).unsqueeze(1); // (B, 1)
        }

        var prediction = labels.Embedding.Mixed(nn.functional.softmax(logits, 1)); // û, (B, D)
        return (prediction - labels.Values).Squared().sum(1, keepdim: true); // (B, 1)
    }

    /// <summary>Returns the second term, KL(q(z₀|y) ‖ N(0, I)), a scalar tensor.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="labels">Its clean labels.</param>
    public Tensor Prior(ImageBatch batch, CleanLabels labels)
    {
        if (!_trainsPath)
        {
            return zeros([], dtype: ScalarType.Float32, device: labels.Device);
        }

        var squaredNorm = labels.Values.Squared().sum(1, keepdim: true); // (B, 1)
        if (options.PriorLoss == PriorLoss.HalfSquaredNorm)
        {
            return batch.Mean(squaredNorm).mul(HeldScalar.Half);
        }

        var start = model.Schedule.At(zeros(1, 1, dtype: ScalarType.Float32, device: labels.Device)); // (1, 1)
        // of (B, 1)
        return batch
            .Mean((start.AlphaBar() * squaredNorm.sub(_dimension)) - start.NoiseVariance().log().mul(_dimension))
            .mul(HeldScalar.Half);
    }

    /// <summary>Returns the first term, −log p(y|z₁) read from the noisy label alone, a scalar tensor.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="labels">Its clean labels.</param>
    /// <param name="at">The place in the training.</param>
    public Tensor Readout(ImageBatch batch, CleanLabels labels, TrainingContext at)
    {
        if (!_trainsPath)
        {
            return zeros([], dtype: ScalarType.Float32, device: labels.Device);
        }

        var end = model.Schedule.At(ones(1, 1, dtype: ScalarType.Float32, device: labels.Device)); // (1, 1)
        var z = end.AddNoise(labels.Values, at.Noise("readout", labels)); // z₁, (B, D)
        return batch.CrossEntropy(model.Readout.Logits(z, labels.Embedding, end));
    }
}
