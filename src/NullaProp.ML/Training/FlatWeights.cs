using NullaProp.ML.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Weights in one piece of memory, their gradients in another, and AdamW's means of both kinds in two more: a step is some ten operations,
/// however many weights there are. The weights and gradients themselves become views of these buffers.
/// </summary>
internal sealed class FlatWeights : IDisposable
{
    private const double FirstDecay = 0.9; // β₁
    private const double SecondDecay = 0.999; // β₂
    private const int Alignment = 16; // of every weight, in values: a cache line

    private static readonly Scalar HeldFirstDecay = FirstDecay;
    private static readonly Scalar HeldFirstRest = 1 - FirstDecay;
    private static readonly Scalar HeldSecondDecay = SecondDecay;
    private static readonly Scalar HeldSecondRest = 1 - SecondDecay;

    private readonly IReadOnlyList<KeyValuePair<string, Parameter>> _weights;
    private readonly Tensor _values;
    private readonly Tensor _gradients;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _root;
    private readonly double _decay;
    private readonly double _epsilon;
    private int _step;

    /// <summary>Moves weights and their gradients into buffers.</summary>
    /// <param name="weights">Weights by name, on one device, at least one.</param>
    /// <param name="decay">Their weight decay.</param>
    /// <param name="epsilon">ε.</param>
    public FlatWeights(IReadOnlyList<KeyValuePair<string, Parameter>> weights, double decay, double epsilon)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _weights = weights;
        (_decay, _epsilon) = (decay, epsilon);
        var room = weights.Sum(weight => Room(weight.Value));
        _values = zeros(room, dtype: ScalarType.Float32, device: weights[0].Value.device).DetachFromDisposeScope();
        _gradients = zeros_like(_values).DetachFromDisposeScope();
        _first = zeros_like(_values).DetachFromDisposeScope();
        _second = zeros_like(_values).DetachFromDisposeScope();
        _root = zeros_like(_values).DetachFromDisposeScope();
        var offset = 0L;
        foreach (var (_, weight) in weights)
        {
            var gradient = Part(_gradients, weight, offset);
            if (weight.grad is { } reached)
            {
                gradient.copy_(reached);
            }

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
        using Scalar epsilon = _epsilon * secondCorrection;
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

    /// <summary>Returns the means of each weight's gradients, by name.</summary>
    public IEnumerable<KeyValuePair<string, WeightMoments>> Moments()
    {
        var moments = new List<KeyValuePair<string, WeightMoments>>(_weights.Count);
        ForEach((name, first, second) => moments.Add(new(name, new WeightMoments(HostTensor.Of(first), HostTensor.Of(second), _step))));
        return moments;
    }

    /// <summary>Takes over the means of weights that have taken the same number of steps.</summary>
    /// <param name="state">The means by name; others may be among them.</param>
    public void Restore(IReadOnlyDictionary<string, WeightMoments> state)
    {
        _step = state[_weights[0].Key].Steps;
        ForEach((name, first, second) =>
        {
            first.copy_(state[name].First.ToTensor());
            second.copy_(state[name].Second.ToTensor());
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, weight) in _weights)
        {
            weight.grad = null;
        }

        _values.Dispose(); // the weights keep the memory
        _gradients.Dispose();
        _first.Dispose();
        _second.Dispose();
        _root.Dispose();
    }

    // With the name and both means of each weight.
    private void ForEach(Action<string, Tensor, Tensor> action)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var offset = 0L;
        foreach (var (name, weight) in _weights)
        {
            action(name, Part(_first, weight, offset), Part(_second, weight, offset));
            offset += Room(weight);
        }
    }

    private static long Room(Tensor weight) => (weight.numel() + Alignment - 1) / Alignment * Alignment;

    private static Tensor Part(Tensor buffer, Tensor weight, long offset) => buffer.narrow(0, offset, weight.numel()).view(weight.shape);
}

/// <summary>What AdamW remembers of a weight.</summary>
/// <param name="First">The mean of its gradients, of its shape.</param>
/// <param name="Second">The mean of their squares.</param>
/// <param name="Steps">The number of steps taken.</param>
internal sealed record WeightMoments(HostTensor First, HostTensor Second, int Steps);
