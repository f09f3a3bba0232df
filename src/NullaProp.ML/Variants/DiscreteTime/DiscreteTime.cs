using System.ComponentModel.DataAnnotations;
using System.Globalization;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.Variants;

namespace NullaProp.ML;

/// <summary>
/// NoProp-DT: independent networks, one for each step from noise to label, each trained on its own term alone (paper, section 2.1). A block
/// reads the noisy label as √ᾱ·z, with the ᾱ of its level: the less of it, the noisier it is. As it ships this is an ensemble whose noisy
/// label decides nothing: with fresh noise in place of z the accuracy is the same (0.011 points less in the mean of ten seeds, with a
/// standard error of 0.011, docs/variants.md). It gains what an ensemble of ten plain networks gains, at ten times the training of one.
/// What blocks add is that they train apart, each with the memory of one (docs/cluster.md).
/// </summary>
public sealed record DiscreteTime : DiffusionVariant
{
    /// <summary>Gets the number T of blocks, each a network of its own.</summary>
    /// <value>Default 10 (paper, table 3); 1 to 1,000.</value>
    [Range(1, 1_000), DecidesParameters]
    public int BlockCount { get; init; } = 10;

    /// <summary>
    /// Gets ln(ᾱ/(1−ᾱ)) of the noisy label that the last of several blocks reads; a single one reads that at the end of noise. The levels
    /// lie evenly in it from <see cref="DiffusionVariant.LogSnrAtNoise"/> on, so that every block works where the noisy label does not yet
    /// give the class away and the image is needed; the last step leads to <see cref="DiffusionVariant.LogSnrAtLabel"/>.
    /// </summary>
    /// <value>
    /// Default −4 (ᾱ = 0.018: the label says next to nothing); between the two ends. <see langword="null"/>: evenly in time over the whole
    /// noise schedule, as in the paper, where the last blocks read labels that stand clear, and learn little about images.
    /// </value>
    [DecidesParameters]
    public double? BlockMaxLogSnr { get; init; } = -4;

    /// <summary>
    /// Gets the noise schedule over which the blocks lie evenly in time, where <see cref="BlockMaxLogSnr"/> is <see langword="null"/>.
    /// </summary>
    /// <value>
    /// Default <see cref="NoiseScheduleKind.LinearLogSnr"/>; else <see cref="NoiseScheduleKind.Cosine"/>, for nothing of it is trained.
    /// </value>
    [DecidesParameters]
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.LinearLogSnr;

    /// <inheritdoc/>
    internal override bool HasBlocks => true;

    /// <inheritdoc/>
    internal override IReadOnlyList<string> BlockNames => [.. Enumerable.Range(0, BlockCount).Select(Denoiser.BlockName)];

    /// <inheritdoc/>
    internal override bool ReadsTime => false;

    /// <inheritdoc/>
    internal override PaperEnding PaperEnding => PaperEnding.BatchNorm;

    /// <inheritdoc/>
    internal override IEnumerable<string> Faults(NoPropOptions options)
    {
        foreach (var fault in base.Faults(options))
        {
            yield return fault;
        }

        if (BlockMaxLogSnr is { } most && !(most > LogSnrAtNoise && most < LogSnrAtLabel))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(BlockMaxLogSnr)} is {most}, but must lie between {nameof(LogSnrAtNoise)}, which is {LogSnrAtNoise}, and "
                    + $"{nameof(LogSnrAtLabel)}, which is {LogSnrAtLabel}.");
        }

        if (NoiseSchedule is not (NoiseScheduleKind.LinearLogSnr or NoiseScheduleKind.Cosine))
        {
            yield return $"{nameof(NoiseSchedule)} is {NoiseSchedule}, but {nameof(DiscreteTime)} trains none. Choose "
                + $"{NoiseScheduleKind.LinearLogSnr} or {NoiseScheduleKind.Cosine}.";
        }
        else if (NoiseSchedule != NoiseScheduleKind.LinearLogSnr && BlockMaxLogSnr is not null)
        {
            yield return $"{nameof(NoiseSchedule)} is {NoiseSchedule}, but {nameof(BlockMaxLogSnr)} places the blocks: set it to null "
                + "to place them evenly over the schedule.";
        }

        foreach (var fault in Unused(
            options.Sampling,
            "takes one exact step a block",
            nameof(Sampling.Solver),
            nameof(Sampling.SolverSteps),
            nameof(Sampling.SolverTolerance)))
        {
            yield return fault;
        }
    }

    /// <inheritdoc/>
    internal override NoiseSchedule Schedule(WeightScope scope) =>
        NoiseScheduleFactory.Create(scope, NoiseSchedule, LogSnrAtNoise, LogSnrAtLabel);

    /// <inheritdoc/>
    internal override IReadOnlyList<NoiseLevel> Levels(NoiseSchedule schedule) => BlockLevels.Of(this, schedule);

    /// <inheritdoc/>
    /// <remarks>Learned embeddings are read by a trained layer, as in the paper: every block's step trains it.</remarks>
    internal override LabelReadout Readout(WeightScope scope, ClassEmbedding embedding) =>
        embedding.IsLearned ? new LinearReadout(scope, embedding) : new GaussianReadout();

    /// <inheritdoc/>
    /// <remarks>Each block takes the exact step between its level and the next.</remarks>
    internal override SamplingPlan Plan(Denoiser model, NoiseSchedule schedule, Sampling sampling)
    {
        var solver = new SolverStages(Dynamics.Of(sampling.Dynamics));
        var (levels, blocks) = (model.Levels, Enumerable.Range(0, BlockCount));
        var stages = blocks.Select(block => solver.ExponentialEuler(levels[block], levels[block + 1]) with { Block = block });
        return new ScoreShares(sampling, LastEvaluation.OfLastStep).Assign([.. stages], [.. levels.Select(level => level.LogSnr)]);
    }

    /// <inheritdoc/>
    internal override TrainingPasses Passes(Denoiser model, NoPropOptions options, RandomStreams streams) =>
        BlockPass.Of(model, options, model.BlockNumbers, streams);
}
