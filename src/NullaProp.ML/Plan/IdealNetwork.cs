using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Plan;

/// <summary>
/// The ideal network for an image of known p(y|x): with one-hot labels û = softmax(ln p(y|x) + a/σ²·z), by Bayes' rule, where z = a·u +
/// σ·ε. It shows how a plan errs, whatever the network.
/// </summary>
/// <param name="dynamics">The differential equation, for what a network predicts.</param>
/// <param name="prior">p(y|x), each above 0.</param>
internal sealed class IdealNetwork(Dynamics dynamics, IReadOnlyList<double> prior)
{
    private readonly double[] _logPrior = [.. prior.Select(p => Math.Log(p))];

    /// <summary>Returns what it predicts.</summary>
    /// <param name="z">The noisy label.</param>
    /// <param name="level">Its noise level.</param>
    public double[] Predict(double[] z, NoiseLevel level)
    {
        var (signal, noise) = dynamics.Mixture(level);
        var logits = z.Select((x, i) => _logPrior[i] + (signal / noise / noise * x)).ToArray();
        var largest = logits.Max();
        var powers = logits.Select(x => Math.Exp(x - largest)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select((power, i) => dynamics.Target(level, power / sum, z[i]))];
    }
}
