using NullaProp.ML.Networks;

namespace NullaProp.ML.Tests.Training;

/// <summary>
/// The noise schedule once more, in plain double arithmetic from the paper's appendix B: g(t) = softplus(b₂ + Σ
/// softplus(w₂)·softplus(softplus(w₁)·t + b₁)), normalised between its ends, λ(t) = λ₀ + (λ₁−λ₀)·ḡ(t). Derivatives are central differences.
/// </summary>
internal sealed class ReferenceSchedule
{
    private const double Step = 1e-4; // error of the difference: Step²·λ'''/6 ≈ 1e-8, beside rounding of 1e-11

    private readonly Dictionary<string, double[]> _weights;

    /// <summary>Creates the schedule from a model's weights.</summary>
    public ReferenceSchedule(Denoiser model)
        : this(model.Weights.Values
            .Where(weight => weight.Key.StartsWith("schedule.", StringComparison.Ordinal))
            .ToDictionary(
                weight => weight.Key["schedule.".Length..],
                weight => weight.Value.data<float>().Select(x => (double)x).ToArray()))
    {
    }

    private ReferenceSchedule(Dictionary<string, double[]> weights) => _weights = weights;

    /// <summary>Gets λ(1) − λ(0).</summary>
    public double Span => _weights["label_end"][0] - _weights["noise_end"][0];

    /// <summary>Returns the schedule with one weight changed by a little.</summary>
    public ReferenceSchedule With(string name, int index, double change)
    {
        var weights = _weights.ToDictionary(weight => weight.Key, weight => weight.Value.ToArray());
        weights[name][index] += change;
        return new(weights);
    }

    /// <summary>Returns λ(t).</summary>
    public double LogSnr(double time) => _weights["noise_end"][0] + (Span * (Network(time) - Network(0)) / (Network(1) - Network(0)));

    /// <summary>Returns dλ/dt.</summary>
    public double LogSnrRate(double time) => (LogSnr(time + Step) - LogSnr(time - Step)) / (2 * Step);

    /// <summary>Returns dSNR/dt.</summary>
    public double SnrRate(double time) => (Math.Exp(LogSnr(time + Step)) - Math.Exp(LogSnr(time - Step))) / (2 * Step);

    private double Network(double time)
    {
        var sum = _weights["level"][0];
        for (var j = 0; j < _weights["slopes"].Length; j++)
        {
            sum += Softplus(_weights["mixture"][j]) * Softplus((Softplus(_weights["slopes"][j]) * time) + _weights["offsets"][j]);
        }

        return Softplus(sum);
    }

    private static double Softplus(double x) => Math.Log(1 + Math.Exp(x));
}
