using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>Makes the noise schedule of a kind, over weights of the model.</summary>
internal static class NoiseScheduleFactory
{
    private const int HiddenSize = 64; // of the learned schedule, as in the JAX reference

    /// <summary>Creates the schedule.</summary>
    /// <param name="weights">The scope of its weights.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="logSnrAtNoise">λ(0).</param>
    /// <param name="logSnrAtLabel">λ(1), above λ(0).</param>
    public static NoiseSchedule Create(
        WeightScope weights,
        NoiseScheduleKind kind,
        double logSnrAtNoise,
        double logSnrAtLabel) => kind switch
        {
            NoiseScheduleKind.LinearLogSnr => new LinearNoiseSchedule(logSnrAtNoise, logSnrAtLabel),
            NoiseScheduleKind.Cosine => new CosineNoiseSchedule(logSnrAtNoise, logSnrAtLabel),
            NoiseScheduleKind.Learned => Learned(weights, trainsEnds: false, logSnrAtNoise, logSnrAtLabel),
            NoiseScheduleKind.LearnedJointly => Learned(weights, trainsEnds: true, logSnrAtNoise, logSnrAtLabel),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such noise schedule."),
        };

    private static MonotoneNoiseSchedule Learned(WeightScope weights, bool trainsEnds, double logSnrAtNoise, double logSnrAtLabel)
    {
        // These ranges make the first curve nearly a straight line in log-SNR.
        var slopes = weights.Undecayed("slopes", Initializers.Uniform(-1, 1), 1, HiddenSize);
        var offsets = weights.Undecayed("offsets", Initializers.Uniform(-1, 1), HiddenSize);
        var mixture = weights.Undecayed("mixture", Initializers.Uniform(-3, -2), HiddenSize, 1);
        var level = weights.Undecayed("level", Initializers.Constant(0), 1);
        var ends = (Noise: End("noise_end", logSnrAtNoise), Label: End("label_end", logSnrAtLabel));
        return new MonotoneNoiseSchedule(new MonotoneScheduleWeights(slopes, offsets, mixture, level, ends.Noise, ends.Label), trainsEnds);

        Weight End(string name, double value) =>
            trainsEnds ? weights.Undecayed(name, Initializers.Constant(value), 1) : weights.Fixed(name, Initializers.Constant(value), 1);
    }
}
