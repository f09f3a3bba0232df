using NullaProp.ML.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// The AdamW optimizer (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), β₁ = 0.9, β₂ = 0.999, ε = 1e-8. TorchSharp's own makes its numbers on the fly, which
/// fails beside a garbage collection (<see cref="Tensors.HeldScalar"/>).
/// </summary>
/// <param name="weights">The weights to train.</param>
/// <param name="weightDecay">The decay of those that are decayed.</param>
/// <param name="includes">Which weights are meant, by name; all of them where nothing is said.</param>
internal sealed class AdamW(Weights weights, double weightDecay, Func<string, bool>? includes = null) : IDisposable
{
    private readonly List<FlatWeights> _buffers = [];

    // Weights that no gradient has reached so far; they are left alone, weight decay included.
    private readonly List<(double Decay, List<Parameter> Weights)> _waiting =
    [
        (weightDecay, [.. weights.OfRole(WeightRole.Decayed, includes)]),
        (0, [.. weights.OfRole(WeightRole.Undecayed, includes)]),
    ];

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients() => _buffers.ForEach(buffer => buffer.ZeroGradients());

    /// <summary>Changes the weights by their gradients.</summary>
    /// <param name="rate">The learning rate.</param>
    public void Step(double rate)
    {
        using var scope = NewDisposeScope();
        foreach (var (decay, waiting) in _waiting)
        {
            var byReach = waiting.ToLookup(weight => weight.grad is not null);
            if (byReach.Contains(true))
            {
                _buffers.Add(new FlatWeights([.. byReach[true]], decay));
                Parameter[] rest = [.. byReach[false]];
                waiting.Clear();
                waiting.AddRange(rest);
            }
        }

        _buffers.ForEach(buffer => buffer.Step(rate));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
