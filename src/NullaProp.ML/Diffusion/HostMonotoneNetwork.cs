namespace NullaProp.ML.Diffusion;

/// <summary>The network g of a <see cref="MonotoneNoiseSchedule"/> in managed memory, for one time and in double precision.</summary>
/// <param name="weights">Its raw weights.</param>
internal sealed class HostMonotoneNetwork(MonotoneScheduleWeights weights)
{
    private readonly double[] _slopes = [.. weights.Slopes.Host().Values.Select(raw => SoftPlus(raw))]; // (H), positive
    private readonly float[] _offsets = weights.Offsets.Host().Values; // (H)
    private readonly double[] _mixture = [.. weights.Mixture.Host().Values.Select(raw => SoftPlus(raw))]; // (H), positive
    private readonly double _level = weights.Level.Host().Values[0];

    /// <summary>Returns g(t) and g′(t).</summary>
    /// <param name="time">t, 0 to 1.</param>
    public (double Value, double Slope) At(double time)
    {
        var (level, inner) = (_level, 0.0);
        for (var i = 0; i < _slopes.Length; i++)
        {
            var hidden = (time * _slopes[i]) + _offsets[i];
            level += SoftPlus(hidden) * _mixture[i];
            inner += Sigmoid(hidden) * _slopes[i] * _mixture[i];
        }

        return (SoftPlus(level), Sigmoid(level) * inner);
    }

    // ln(1 + exp x), without overflow.
    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
