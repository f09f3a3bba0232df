using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// The loss of one block of NoProp-DT, eq. (8) of the paper: its own denoising term, and the two terms of embeddings and read-out, which the paper repeats for every block.
/// No gradient reaches another block.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">The form of each term.</param>
/// <param name="block">The block, from 0; it reads the noisy label at the level of the same number.</param>
internal sealed class DiscreteTimeLoss(Denoiser model, NoPropOptions options, int block) : TrainingLoss(options.BackbonePrecision)
{
    private readonly LabelLoss _label = new(model, options);
    private readonly NoiseLevel _level = model.Levels[block];
    private readonly Scalar _weight = Weight(options, model.Levels, block) * options.DenoisingFactor;

    /// <inheritdoc/>
    public override Tensor Backward(ImageBatch batch, Generator generator)
    {
        using var scope = NewDisposeScope();
        var network = model.Blocks[block];
        var embedding = model.Embedding.Matrix(); // (K, D)
        var clean = embedding.index_select(0, batch.Labels); // u, (B, D)
        var imageShare = network.ImageShare(model.Normalization.Apply(batch.Pixels), Pass(generator)); // (B, H)
        var level = new NoiseLevels(tensor((float)_level.LogSnr, device: clean.device).view(1, 1), tensor((float)_level.LogSnrRate, device: clean.device).view(1, 1));
        var z = level.AddNoise(clean, LabelLoss.Noise(clean, generator)); // (B, D)
        var logits = network.Logits(imageShare, z, tensor((float)_level.Time, device: clean.device).view(1, 1)); // (B, K)
        var error = _label.Error(logits, batch.Labels, embedding, clean); // (B, 1)

        var terms = new LossTerms(batch.Mean(error).mul(_weight), _label.Prior(batch, clean), _label.Readout(batch, embedding, clean, generator));
        terms.Total().backward();
        return terms.Detached().MoveToOuterDisposeScope();
    }

    // T/2·(SNR(t) − SNR(t−1)) for the paper's bound. To one block it is a constant, to which Adam is nearly blind; it counts where embeddings are learned.
    private static double Weight(NoPropOptions options, IReadOnlyList<NoiseLevel> levels, int block)
    {
        var bound = (levels[block + 1].Snr - levels[block].Snr) * (levels.Count - 1);
        return options.LossWeighting switch
        {
            LossWeighting.SnrDerivative => bound / 2,
            LossWeighting.MinSnr => Math.Min(bound, ContinuousTimeLoss.SnrRateLimit) / 2,
            _ => 1,
        };
    }
}
