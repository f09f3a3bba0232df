using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>y = x·Aᵀ + b.</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="inputs">The width of x.</param>
/// <param name="outputs">The width of y.</param>
/// <param name="first">The first value of A, where it is not PyTorch's default.</param>
internal sealed class Linear(WeightScope weights, long inputs, long outputs, Initializer? first = null)
{
    /// <summary>Gets the matrix A, (outputs, inputs).</summary>
    public Weight Weight { get; } = weights.Matrix("weight", first ?? Initializers.FanIn(inputs), outputs, inputs);

    /// <summary>Gets the bias b, (outputs).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.FanIn(inputs), outputs);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, inputs); the layer computes in its numbers.</param>
    public Tensor Forward(Tensor x) => nn.functional.linear(x, Weight.RoundedLike(x), Bias.RoundedLike(x)); // (B, outputs)

    /// <summary>
    /// Applies only the columns that read a slice of the input, without bias: the shares of the slices add up to the layer's output.
    /// </summary>
    /// <param name="slice">(B, width): the input from column <paramref name="start"/> on.</param>
    /// <param name="start">The slice's first column.</param>
    // (B, outputs)
    public Tensor Share(Tensor slice, long start) => nn.functional.linear(slice, Weight.Value.narrow(1, start, slice.shape[1]));

    /// <summary>Returns the layer in managed memory.</summary>
    public HostLinear Host() => new(Weight.Host(), Bias.Host());
}
