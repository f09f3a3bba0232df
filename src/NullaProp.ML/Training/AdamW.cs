using NullaProp.ML.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// The AdamW optimizer (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), β₁ = 0.9, β₂ = 0.999, ε = 1e-8. TorchSharp's own makes its numbers on the fly, which
/// fails beside a garbage collection (<see cref="Diffusion.HeldScalar"/>).
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    private readonly Scalar _firstDecay = FirstDecay;
    private readonly Scalar _firstRest = 1 - FirstDecay;
    private readonly Scalar _secondDecay = SecondDecay;
    private readonly Scalar _secondRest = 1 - SecondDecay;
    private readonly List<(Parameter Weight, Tensor First, Tensor Second, double Decay)> _states;
    private int _step;

    /// <summary>Creates the optimizer of weights that are trained.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="weightDecay">The decay of those that are decayed.</param>
    /// <param name="includes">Which weights are meant, by name; all of them where nothing is said.</param>
    public AdamW(Weights weights, double weightDecay, Func<string, bool>? includes = null)
    {
        using var mode = no_grad();
        _states = [.. States(weights.OfRole(WeightRole.Decayed, includes), weightDecay), .. States(weights.OfRole(WeightRole.Undecayed, includes), 0)];
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        foreach (var state in _states)
        {
            state.Weight.grad?.zero_();
        }
    }

    /// <summary>Changes the weights by their gradients.</summary>
    /// <param name="rate">The learning rate.</param>
    public void Step(double rate)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _step++;

        // The corrections of both means' bias, moved into the step size and ε.
        var secondCorrection = Math.Sqrt(1 - Math.Pow(SecondDecay, _step));
        using Scalar size = -rate * secondCorrection / (1 - Math.Pow(FirstDecay, _step));
        using Scalar epsilon = Epsilon * secondCorrection;
        foreach (var (weight, first, second, decay) in _states)
        {
            if (weight.grad is not { } gradient)
            {
                continue; // nothing depended on it
            }

            if (decay > 0)
            {
                using Scalar kept = 1 - (rate * decay);
                weight.mul_(kept);
            }

            first.mul_(_firstDecay).add_(gradient, _firstRest);
            second.mul_(_secondDecay).addcmul_(gradient, gradient, _secondRest);
            weight.addcdiv_(first, second.sqrt().add_(epsilon, Diffusion.HeldScalar.One), size);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, first, second, _) in _states)
        {
            first.Dispose();
            second.Dispose();
        }
    }

    private static IEnumerable<(Parameter Weight, Tensor First, Tensor Second, double Decay)> States(IEnumerable<Parameter> weights, double decay) =>
        weights.Select(weight => (weight, zeros_like(weight).DetachFromDisposeScope(), zeros_like(weight).DetachFromDisposeScope(), decay));
}
