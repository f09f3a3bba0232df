using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>
/// A layer of an image network as it scores. By a list of them a network says what it computes, so that a backend can compute it without
/// libtorch.
/// </summary>
internal abstract record BackboneLayer
{
    private BackboneLayer()
    {
    }

    /// <summary>A 3×3 convolution with padding 1, the largest of each square of its results, and ReLU.</summary>
    /// <param name="Weight">The kernels, (outputs, inputs, 3, 3); the outputs are a multiple of 16.</param>
    /// <param name="Bias">The biases, (outputs).</param>
    /// <param name="Pool">The side of the squares: 1, or 2, where pixels that fill none are left out.</param>
    internal sealed record Convolution(HostTensor Weight, HostTensor Bias, int Pool) : BackboneLayer;

    /// <summary>A convolution that strides or has kernels of another size, with the batch normalisation behind it.</summary>
    /// <param name="Layer">Both; it is asked for their numbers by who computes them.</param>
    internal sealed record Normed(NormedConvolution Layer) : BackboneLayer;

    /// <summary>The largest of each square of pixels.</summary>
    /// <param name="Side">The squares' side.</param>
    /// <param name="Stride">Every how many pixels there is one.</param>
    /// <param name="Padding">How many pixels the edge lies beyond the image.</param>
    internal sealed record MaxPool(int Side, int Stride, int Padding) : BackboneLayer;

    /// <summary>The sum of what two lists of layers make of the same.</summary>
    /// <param name="Path">One list.</param>
    /// <param name="Shortcut">The other, which may be empty.</param>
    internal sealed record Residual(IReadOnlyList<BackboneLayer> Path, IReadOnlyList<BackboneLayer> Shortcut) : BackboneLayer;

    /// <summary>The mean of each channel's pixels.</summary>
    internal sealed record ChannelMean : BackboneLayer;

    /// <summary>A linear layer on all values of the layer before, channel by channel.</summary>
    /// <param name="Layer">The layer.</param>
    internal sealed record Dense(HostLinear Layer) : BackboneLayer;

    /// <summary>max(x, 0).</summary>
    internal sealed record Relu : BackboneLayer;
}
