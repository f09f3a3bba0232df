using NullaProp.ML.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Weights in one piece of memory, their gradients in another, and AdamW's means of both kinds in two more: a step is some ten operations, however many weights there are.
/// The weights and gradients themselves become views of these buffers.
/// </summary>
internal sealed class FlatWeights : IDisposable
{
    private const double FirstDecay = 0.9; // β₁
    private const double SecondDecay = 0.999; // β₂
    private const double Epsilon = 1e-8; // ε
    private const int Alignment = 16; // of every weight, in values: a cache line

    private static readonly Scalar HeldFirstDecay = FirstDecay;
    private static readonly Scalar HeldFirstRest = 1 - FirstDecay;
    private static readonly Scalar HeldSecondDecay = SecondDecay;
    private static readonly Scalar HeldSecondRest = 1 - SecondDecay;

    private readonly IReadOnlyList<Parameter> _weights;
    private readonly Tensor _values;
    private readonly Tensor _gradients;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _root;
    private readonly double _decay;
    private int _step;

    /// <summary>Moves weights and their gradients into buffers.</summary>
    /// <param name="weights">Weights with gradients, on one device, at least one.</param>
    /// <param name="decay">Their weight decay.</param>
    public FlatWeights(IReadOnlyList<Parameter> weights, double decay)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _weights = weights;
        _decay = decay;
        _values = zeros(weights.Sum(Room), device: weights[0].device).DetachFromDisposeScope();
        _gradients = zeros_like(_values).DetachFromDisposeScope();
        _first = zeros_like(_values).DetachFromDisposeScope();
        _second = zeros_like(_values).DetachFromDisposeScope();
        _root = zeros_like(_values).DetachFromDisposeScope();
        var offset = 0L;
        foreach (var weight in weights)
        {
            var gradient = Part(_gradients, weight, offset);
            gradient.copy_(weight.grad!);
            weight.grad = gradient;
            var value = Part(_values, weight, offset);
            value.copy_(weight);
            weight.set_(value);
            offset += Room(weight);
        }
    }

    /// <summary>Sets the gradients to 0.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        _gradients.zero_();
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
        using Scalar kept = 1 - (rate * _decay);
        if (_decay > 0)
        {
            _values.mul_(kept);
        }

        _first.mul_(HeldFirstDecay).add_(_gradients, HeldFirstRest);
        _second.mul_(HeldSecondDecay).addcmul_(_gradients, _gradients, HeldSecondRest);
        _root.copy_(_second).sqrt_().add_(epsilon, HeldScalar.One);
        _values.addcdiv_(_first, _root, size);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in _weights)
        {
            weight.grad = null;
        }

        _values.Dispose(); // the weights keep the memory
        _gradients.Dispose();
        _first.Dispose();
        _second.Dispose();
        _root.Dispose();
    }

    private static long Room(Tensor weight) => (weight.numel() + Alignment - 1) / Alignment * Alignment;

    private static Tensor Part(Tensor buffer, Tensor weight, long offset) => buffer.narrow(0, offset, weight.numel()).view(weight.shape);
}
