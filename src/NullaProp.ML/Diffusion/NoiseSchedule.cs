using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>The log signal-to-noise ratio as a function of time, rising monotonically from noise (t = 0) to label (t = 1).</summary>
internal abstract class NoiseSchedule
{
    /// <summary>Gets a value indicating whether the ends λ(0) and λ(1) are trained.</summary>
    public abstract bool TrainsEnds { get; }

    /// <summary>Returns λ and dλ/dt, differentiable in the schedule's weights.</summary>
    /// <param name="time">Times, (B, 1), each 0 to 1.</param>
    public abstract NoiseLevels At(Tensor time);

    /// <summary>Returns the span λ(1) − λ(0), a scalar tensor.</summary>
    /// <param name="device">Where the tensor shall be.</param>
    public abstract Tensor Span(Device device);

    /// <summary>Returns the levels at some times as numbers, for compiling a sampling plan.</summary>
    /// <param name="times">Times, each 0 to 1.</param>
    public abstract IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times);

    /// <summary>Returns the times at which λ has these values: the inverse of <see cref="At"/>.</summary>
    /// <param name="logSnr">Values of λ, (B, 1), each λ(0) to λ(1).</param>
    /// <returns>Times, (B, 1), each 0 to 1.</returns>
    /// <exception cref="NotSupportedException">The schedule is learned and has no inverse in closed form.</exception>
    public abstract Tensor TimeAt(Tensor logSnr);
}
