using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Backends.Layers;

/// <summary>A 3×3 convolution, max-pool and ReLU for one image, pixel by pixel rather than channel by channel.</summary>
internal abstract class ManagedConvolution : IManagedLayer
{
    private readonly int _border;

    /// <summary>Takes the sizes of a layer.</summary>
    /// <param name="layer">The layer; its outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels.</param>
    /// <param name="width">The width of its input, in pixels.</param>
    /// <param name="border">The width of the border of zeros around its output: 1 where another convolution reads it, else 0.</param>
    protected ManagedConvolution(BackboneLayer.Convolution layer, int height, int width, int border)
    {
        (InputHeight, InputWidth, Pool, _border) = (height, width, layer.Pool, border);
        (Outputs, Inputs) = ((int)layer.Weight.Shape[0], (int)layer.Weight.Shape[1]);
        Bias = ManagedMatrix.Padded(layer.Bias.Values);
    }

    /// <summary>Gets the number of output channels.</summary>
    public int Outputs { get; }

    /// <summary>Gets the height of the output without its border.</summary>
    public int Height => InputHeight / Pool;

    /// <summary>Gets the width of the output without its border.</summary>
    public int Width => InputWidth / Pool;

    /// <inheritdoc/>
    public int Length => (Height + (2 * _border)) * (Width + (2 * _border)) * Outputs;

    /// <inheritdoc/>
    public abstract int WorkLength { get; }

    /// <summary>Gets the number of input channels.</summary>
    protected int Inputs { get; }

    /// <summary>Gets the height of the input without its border.</summary>
    protected int InputHeight { get; }

    /// <summary>Gets the width of the input without its border.</summary>
    protected int InputWidth { get; }

    /// <summary>Gets the side of the squares of pixels of which the largest is taken, 1 or 2.</summary>
    protected int Pool { get; }

    /// <summary>Gets the outputs' biases, whole vectors.</summary>
    protected float[] Bias { get; }

    /// <summary>Brings a layer into the form that computes it fastest.</summary>
    /// <param name="layer">The layer; its outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels, 4 or more.</param>
    /// <param name="width">The width of its input, in pixels, 4 or more.</param>
    /// <param name="border">The width of the border of zeros around its output: 1 where another convolution reads it, else 0.</param>
    public static ManagedConvolution Of(BackboneLayer.Convolution layer, int height, int width, int border) =>
        WinogradConvolution.CanCompute(layer)
            ? new WinogradConvolution(layer, height, width, border)
            : new DirectConvolution(layer, height, width, border);

    /// <summary>Computes the layer.</summary>
    /// <param name="input">The input with a border of zeros, (H+2, W+2, C).</param>
    /// <param name="work">Working memory.</param>
    /// <param name="output">Where to write, pixel by pixel; the border is left as it is.</param>
    public abstract void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output);

    /// <summary>Returns where a pixel of the output lies.</summary>
    /// <param name="y">Its row.</param>
    /// <param name="x">Its place in the row.</param>
    protected int Place(int y, int x) => (((y + _border) * (Width + (2 * _border))) + _border + x) * Outputs;
}

/// <summary>A convolution as it is defined, for few channels: the sum over each window.</summary>
internal sealed class DirectConvolution : ManagedConvolution
{
    private readonly ManagedMatrix _weights; // (9·C, outputs), window row by row

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer; its outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels, 4 or more.</param>
    /// <param name="width">The width of its input, in pixels, 4 or more.</param>
    /// <param name="border">The width of the border of zeros around its output.</param>
    public DirectConvolution(BackboneLayer.Convolution layer, int height, int width, int border)
        : base(layer, height, width, border) => _weights = new ManagedMatrix(layer.Weight, Inputs);

    /// <inheritdoc/>
    public override int WorkLength => Pool * InputWidth * Outputs; // the rows whose squares are pooled

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output)
    {
        var (stride, rowLength) = ((InputWidth + 2) * Inputs, InputWidth * Outputs);
        for (var y = 0; y < Height; y++)
        {
            for (var row = 0; row < Pool; row++)
            {
                var start = ((Pool * y) + row) * stride;
                ManagedKernels.Convolve(input, start, stride, _weights.Span, Bias, work.Slice(row * rowLength, rowLength));
            }

            var target = output.Slice(Place(y, 0), Width * Outputs);
            if (Pool == 1)
            {
                TensorPrimitives.Max(work[..rowLength], 0f, target);
            }
            else
            {
                ManagedKernels.Pool(work[..rowLength], work.Slice(rowLength, rowLength), Outputs, target);
            }
        }
    }
}
