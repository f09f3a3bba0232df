using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Sampling;

/// <summary>
/// A way from noise to label with the network replaced by the ideal one for an image of known p(y|x): with one-hot labels û = softmax(ln p(y|x) + a/σ²·z), by Bayes' rule,
/// where z = a·u + σ·ε. It shows how a plan errs, whatever the network.
/// </summary>
internal sealed class Pilot
{
    private readonly Dynamics _dynamics;
    private readonly double[] _logPrior;
    private double[] _state;
    private double[] _prediction;
    private double[] _previous;

    /// <summary>Sets a pilot at its start.</summary>
    /// <param name="dynamics">The differential equation, for what the network predicts.</param>
    /// <param name="prior">p(y|x), each above 0.</param>
    /// <param name="start">z₀, as long.</param>
    public Pilot(Dynamics dynamics, IReadOnlyList<double> prior, double[] start)
    {
        (_dynamics, _logPrior, _state) = (dynamics, [.. prior.Select(p => Math.Log(p))], start);
        _prediction = _previous = new double[start.Length];
    }

    /// <summary>Evaluates the ideal network where the pilot stands.</summary>
    /// <param name="level">The noise level there.</param>
    public void Evaluate(NoiseLevel level) => (_previous, _prediction) = (_prediction, Predicted(_state, level));

    /// <summary>Returns how much a step would miss if it held its prediction: Ramp·‖û₁ − û₀‖, with û₁ evaluated at the step's end.</summary>
    /// <param name="stage">The step.</param>
    /// <param name="to">The level at its end.</param>
    /// <param name="ramp">What a change of the prediction adds.</param>
    public double Error(SamplingStage stage, NoiseLevel to, double ramp) =>
        ramp * Math.Sqrt(Predicted(After(stage), to).Zip(_prediction, (a, b) => (a - b) * (a - b)).Sum());

    /// <summary>Takes a step.</summary>
    /// <param name="stage">The step.</param>
    public void Take(SamplingStage stage) => _state = After(stage);

    private double[] After(SamplingStage stage) =>
        [.. _state.Select((z, i) => (stage.State * z) + (stage.Prediction * _prediction[i]) + (stage.PreviousPrediction * _previous[i]))];

    private double[] Predicted(double[] state, NoiseLevel level)
    {
        var (signal, noise) = _dynamics.Mixture(level);
        var logits = state.Select((z, i) => _logPrior[i] + (signal / noise / noise * z)).ToArray();
        var largest = logits.Max();
        var powers = logits.Select(x => Math.Exp(x - largest)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select((power, i) => _dynamics.Target(level, power / sum, state[i]))];
    }
}
