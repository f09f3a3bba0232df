namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// The Bayes-optimal denoiser of noisy one-hot labels for an image whose classes have known probabilities: softmax(ln p(y|x) +
/// √ᾱ/(1−ᾱ)·z), by Bayes' rule. An exact oracle, no training needed.
/// </summary>
internal static class IdealDenoiser
{
    /// <summary>p(y|x).</summary>
    public static IReadOnlyList<double> Prior { get; } = [0.5, 0.3, 0.2];

    /// <summary>Returns p(y|x, z) at a log signal-to-noise ratio.</summary>
    public static double[] Posterior(double[] z, double logSnr)
    {
        var noiseVariance = 1 / (1 + Math.Exp(logSnr));
        var scale = Math.Sqrt(1 - noiseVariance) / noiseVariance;
        return Softmax([.. z.Zip(Prior, (x, p) => Math.Log(p) + (scale * x))]);
    }

    /// <summary>
    /// Returns dz/dt of the flow that carries N(0, I) to labels of frequencies p(y|x), by the formulas themselves, along log
    /// signal-to-noise ratios that rise by a constant rate.
    /// </summary>
    /// <param name="kind">The equation.</param>
    /// <param name="z">The noisy label.</param>
    /// <param name="logSnr">λ.</param>
    /// <param name="rate">λ′.</param>
    public static double[] Slope(FlowDynamics kind, double[] z, double logSnr, double rate)
    {
        var alphaBar = 1 / (1 + Math.Exp(-logSnr));
        var signal = Math.Sqrt(alphaBar);
        var clean = Posterior(z, logSnr);
        return [.. z.Zip(clean, (x, u) => kind switch
        {
            FlowDynamics.ProbabilityFlow => rate / 2 * ((signal * u) - (alphaBar * x)),
            FlowDynamics.SimplifiedFlow => (u - x) / (1 - alphaBar),
            FlowDynamics.ReverseDrift or FlowDynamics.Ancestral => rate * ((signal * u) - ((1 + alphaBar) / 2 * x)),
            _ => throw new NotSupportedException($"Say here what the equation of {kind} is."),
        })];
    }

    /// <summary>Returns exp(x)/Σ exp(x).</summary>
    public static double[] Softmax(double[] logits)
    {
        var largest = logits.Max();
        var powers = logits.Select(x => Math.Exp(x - largest)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }
}
