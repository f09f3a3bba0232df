using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
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
    private readonly Scalar _factor = FactorOf(options, model.Levels, block);

    /// <summary>Gets what the block's own term is multiplied by.</summary>
    public double Factor { get; } = FactorOf(options, model.Levels, block);

    /// <inheritdoc/>
    public Tensor Backward(ImageBatch batch, TrainingContext at)
    {
        using var scope = NewDisposeScope();
        var network = model.Block(block);
        var labels = new CleanLabels(model.Embedding.Current(), batch.Labels); // u, (B, D)
        var imageShare = network.ImageShare(model.Normalization.Apply(batch.Pixels), at); // (B, H)
        var level = new NoiseLevels(Number(_level.LogSnr, labels.Device), Number(_level.LogSnrRate, labels.Device));
        var z = new NoisyLabels(level, labels, at.Noise("noise", labels), at.Precision); // (B, D)
        var logits = network.Logits(imageShare, z, Number(_level.Time, labels.Device)); // (B, K)
        var error = _label.Error(logits, labels); // (B, 1)

        var readout = _label.Readout(batch, labels, at);
        var terms = new LossTerms(batch.Mean(error).mul(_factor), _label.Prior(batch, labels), readout);
        terms.Total().backward();
        return terms.Detached().MoveToOuterDisposeScope();
    }

    private static Tensor Number(double value, Device device) =>
        tensor((float)value, dtype: ScalarType.Float32, device: device).view(1, 1);

    // η·T/2·(SNR(t) − SNR(t−1)) for the paper's bound. To one block it is a constant, to which its optimizer is blind; it counts where
    // embeddings are learned.
    private static double FactorOf(DiscreteTime options, IReadOnlyList<NoiseLevel> levels, int block)
    {
        var bound = (levels[block + 1].Snr - levels[block].Snr) * (levels.Count - 1);
        return options.DenoisingFactor * options.LossWeighting switch
        {
            LossWeighting.SnrDerivative => bound / 2,
            LossWeighting.MinSnr => Math.Min(bound, ContinuousTimeLoss.SnrRateLimit) / 2,
            _ => 1,
        };
    }
}

/// <summary>
/// Trains one block of discrete time by its own loss, optimizer and streams: with fixed embeddings the blocks share nothing, and any of
/// them comes out the same trained alone. Learned embeddings and a read-out take a step with every block, as in the paper's algorithm 1.
/// </summary>
internal sealed class BlockPass : TrainingPass
{
    private readonly DiscreteTimeLoss _loss;
    private readonly AdamW _shared;

    /// <summary>Creates the pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="block">The block, from 0.</param>
    /// <param name="shared">The optimizer of what the blocks share; it stays the caller's.</param>
    /// <param name="streams">The streams of the training.</param>
    public BlockPass(Denoiser model, NoPropOptions options, int block, AdamW shared, RandomStreams streams)
        : base(streams, $"training/{Denoiser.BlockName(block)}", options.BackbonePrecision)
    {
        _loss = new DiscreteTimeLoss(model, (DiscreteTime)options.Variant, block);
        var prefix = $"{Denoiser.BlockName(block)}.";
        Optimizer = new AdamW(
            model.Weights,
            options.WeightDecay,
            name => name.StartsWith(prefix, StringComparison.Ordinal),
            lossFactor: _loss.Factor);
        _shared = shared;
    }

    /// <inheritdoc/>
    public override AdamW Optimizer { get; }

    /// <summary>Returns the training of some blocks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options, whose variant is discrete time.</param>
    /// <param name="blocks">The blocks to train, from 0, at least one.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses Of(Denoiser model, NoPropOptions options, IReadOnlyList<int> blocks, RandomStreams streams)
    {
        var shared = Shared(model, options);
        return new([.. blocks.Select(block => new BlockPass(model, options, block, shared, streams))], shared);
    }

    /// <inheritdoc/>
    public override Tensor Step(ImageBatch batch, TrainingContext at, double rate)
    {
        Optimizer.ZeroGradients();
        _shared.ZeroGradients();
        var terms = _loss.Backward(batch, at);
        Optimizer.Step(rate);
        _shared.Step(rate);
        return terms;
    }

    // The optimizer of what the blocks share.
    private static AdamW Shared(Denoiser model, NoPropOptions options) =>
        new(model.Weights, options.WeightDecay, name => !name.StartsWith("block", StringComparison.Ordinal));
}

/// <summary>The noise levels of discrete time.</summary>
internal static class BlockLevels
{
    /// <summary>Returns the levels from noise to label: that which each block reads, and that which the last one leads to.</summary>
    /// <param name="options">The number of blocks T and their placement.</param>
    /// <param name="schedule">The noise schedule.</param>
    /// <returns>T + 1 levels, rising; the i-th has the time i/T.</returns>
    public static IReadOnlyList<NoiseLevel> Of(DiscreteTime options, NoiseSchedule schedule)
    {
        var count = options.BlockCount;
        double[] times = [.. Enumerable.Range(0, count + 1).Select(i => (double)i / count)];
        if (options.BlockMaxLogSnr is not { } most)
        {
            return schedule.Levels(times);
        }

        var ends = schedule.Levels([0, 1]);
        var rise = count == 1 ? 0 : (most - ends[0].LogSnr) / (count - 1); // from block to block
        return [.. times.Take(count).Select((t, i) => new NoiseLevel(t, ends[0].LogSnr + (rise * i), rise * count)), ends[1]];
    }
}
