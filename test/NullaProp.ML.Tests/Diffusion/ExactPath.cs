using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

/// <summary>
/// A point on the path of a label u with noise ε, and where each dynamics must carry it when the prediction is u all the way. A new
/// dynamics has to be added here.
/// </summary>
internal static class ExactPath
{
    /// <summary>The clean label.</summary>
    public const double Label = 0.8;

    /// <summary>The noise.</summary>
    public const double Epsilon = -1.1;

    /// <summary>Returns √ᾱ·u + √(1−ᾱ)·ε.</summary>
    public static double At(NoiseLevel level) => (level.Signal * Label) + (level.Noise * Epsilon);

    /// <summary>Returns where the path from one level must end at another.</summary>
    public static double End(FlowDynamics kind, LinearNoiseSchedule schedule, double from, double to)
    {
        var (first, last) = (schedule.Levels([from])[0], schedule.Levels([to])[0]);
        return kind switch
        {
            FlowDynamics.ProbabilityFlow => At(last), // on the path of the same u and ε
            FlowDynamics.SimplifiedFlow =>
                Label + ((At(first) - Label) * Math.Exp(-Integral(t => 1 / schedule.Levels([t])[0].NoiseVariance, from, to))),
            FlowDynamics.ReverseDrift or FlowDynamics.Ancestral => // the mean of the posterior q(z₁|z₀, u), noise shrinking as (1−ᾱ)/√ᾱ
                (last.Signal * Label) + (Epsilon * first.Noise * last.NoiseVariance / last.Signal / (first.NoiseVariance / first.Signal)),
            _ => throw new NotSupportedException($"Say here where {kind} carries an exact prediction."),
        };
    }

    // Simpson's rule on 2,000 intervals: error below 1e-11 for the integrands here.
    private static double Integral(Func<double, double> f, double from, double to)
    {
        const int intervals = 2000;
        var h = (to - from) / intervals;
        return h / 3 * Enumerable.Range(0, intervals + 1).Sum(i => (i is 0 or intervals ? 1 : i % 2 == 1 ? 4 : 2) * f(from + (i * h)));
    }
}
