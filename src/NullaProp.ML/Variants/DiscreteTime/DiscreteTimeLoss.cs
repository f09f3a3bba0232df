using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// The loss of one block of NoProp-DT, eq. (8) of the paper: its own denoising term, and the two terms of embeddings and read-out, which
/// the paper repeats for every block.
/// No gradient reaches another block.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">The form of each term.</param>
/// <param name="block">The block, from 0; it reads the noisy label at the level of the same number.</param>
internal sealed class DiscreteTimeLoss(Denoiser model, DiscreteTime options, int block) : ITrainingLoss
{
    private readonly LabelLoss _label = new(model, options);
    private readonly NoiseLevel _level = model.Levels[block];
    private readonly Scalar _weight = Weight(options, model.Levels, block) * options.DenoisingFactor;

    /// <inheritdoc/>
    public Tensor Backward(ImageBatch batch, TrainingContext at)
    {
        using var scope = NewDisposeScope();
        var network = model.Block(block);
        var embedding = model.Embedding.Current();
        var clean = embedding.Of(batch.Labels); // u, (B, D)
        var imageShare = network.ImageShare(model.Normalization.Apply(batch.Pixels), at); // (B, H)
        var level = new NoiseLevels(Number(_level.LogSnr, clean.device), Number(_level.LogSnrRate, clean.device));
        var z = level.AddNoise(clean, at.Noise("noise", clean)); // (B, D)
        var logits = network.Logits(imageShare, z, Number(_level.Time, clean.device)); // (B, K)
        var error = _label.Error(logits, batch.Labels, embedding, clean); // (B, 1)

        var readout = _label.Readout(batch, embedding, clean, at);
        var terms = new LossTerms(batch.Mean(error).mul(_weight), _label.Prior(batch, clean), readout);
        terms.Total().backward();
        return terms.Detached().MoveToOuterDisposeScope();
    }

    private static Tensor Number(double value, Device device) =>
        tensor((float)value, dtype: ScalarType.Float32, device: device).view(1, 1);

    // T/2·(SNR(t) − SNR(t−1)) for the paper's bound. To one block it is a constant, to which Adam is nearly blind; it counts where
    // embeddings are learned.
    private static double Weight(DiscreteTime options, IReadOnlyList<NoiseLevel> levels, int block)
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
