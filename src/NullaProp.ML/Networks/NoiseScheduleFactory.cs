using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>Makes the noise schedule that the options name, over weights of the model.</summary>
internal static class NoiseScheduleFactory
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="weights">The scope of its weights.</param>
    /// <param name="options">The kind, the ends and the hidden width.</param>
    public static NoiseSchedule Create(WeightScope weights, NoPropOptions options) => Kind(options) switch
    {
        NoiseScheduleKind.LinearLogSnr => new LinearNoiseSchedule(options.LogSnrAtNoise, options.LogSnrAtLabel),
        NoiseScheduleKind.Cosine => new CosineNoiseSchedule(options.LogSnrAtNoise, options.LogSnrAtLabel),
        NoiseScheduleKind.Learned => Learned(weights, options, trainsEnds: false),
        NoiseScheduleKind.LearnedJointly => Learned(weights, options, trainsEnds: true),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.NoiseSchedule, "No such noise schedule."),
    };

    // Only continuous time trains a schedule.
    private static NoiseScheduleKind Kind(NoPropOptions options) =>
        options is { Variant: NoPropVariant.DiscreteTime or NoPropVariant.FlowMatching, NoiseSchedule: NoiseScheduleKind.Learned or NoiseScheduleKind.LearnedJointly }
            ? NoiseScheduleKind.LinearLogSnr
            : options.NoiseSchedule;

    private static MonotoneNoiseSchedule Learned(WeightScope weights, NoPropOptions options, bool trainsEnds)
    {
        var hidden = options.NoiseScheduleHiddenSize;

        // These ranges make the first curve nearly a straight line in log-SNR.
        var slopes = weights.Undecayed("slopes", Initializers.Uniform(-1, 1), 1, hidden);
        var offsets = weights.Undecayed("offsets", Initializers.Uniform(-1, 1), hidden);
        var mixture = weights.Undecayed("mixture", Initializers.Uniform(-3, -2), hidden, 1);
        var level = weights.Undecayed("level", Initializers.Constant(0), 1);
        var noiseEnd = End("noise_end", options.LogSnrAtNoise);
        var labelEnd = End("label_end", options.LogSnrAtLabel);
        return new MonotoneNoiseSchedule(new MonotoneScheduleWeights(slopes, offsets, mixture, level, noiseEnd, labelEnd), trainsEnds);

        Weight End(string name, double value) =>
            trainsEnds ? weights.Undecayed(name, Initializers.Constant(value), 1) : weights.Fixed(name, Initializers.Constant(value), 1);
    }
}
