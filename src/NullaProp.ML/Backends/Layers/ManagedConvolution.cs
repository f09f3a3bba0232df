using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Layers;

/// <summary>A convolution as it scores, with what follows it.</summary>
/// <param name="Weight">The kernels, (outputs, C, side, side), side odd; the outputs are whole vectors. Zeros lie around the image.</param>
/// <param name="Bias">The biases, (outputs).</param>
/// <param name="Stride">Every how many pixels it is applied.</param>
/// <param name="Pool">The side of the squares of results of which the largest is taken, 1 or 2; those that fill none are left out.</param>
/// <param name="IsClipped">Whether ReLU follows.</param>
internal sealed record ScoringConvolution(HostTensor Weight, HostTensor Bias, int Stride, int Pool, bool IsClipped)
{
    /// <summary>Gets the number of output channels.</summary>
    public int Outputs => (int)Weight.Shape[0];

    /// <summary>Gets the number of input channels.</summary>
    public int Inputs => (int)Weight.Shape[1];

    /// <summary>Gets the side of the kernels.</summary>
    public int Side => (int)Weight.Shape[2];

    /// <summary>Gets the width of the border that the input must have.</summary>
    public int Border => Side / 2;
}

/// <summary>A convolution, max-pool and ReLU for one image, pixel by pixel rather than channel by channel.</summary>
/// <param name="layer">The layer.</param>
/// <param name="input">The form of its input, with a border of zeros as wide as it needs or wider.</param>
/// <param name="border">The width of the border around its output.</param>
internal abstract class ManagedConvolution(ScoringConvolution layer, MapShape input, int border) : IManagedLayer
{
    /// <inheritdoc/>
    public MapShape Output { get; } = new(
        (((input.Height - 1) / layer.Stride) + 1) / layer.Pool,
        (((input.Width - 1) / layer.Stride) + 1) / layer.Pool,
        layer.Outputs,
        border);

    /// <inheritdoc/>
    public abstract int WorkLength { get; }

    /// <inheritdoc/>
    public long Products => (long)Output.Height * Output.Width * Layer.Pool * Layer.Pool * Layer.Weight.Values.Length;

    /// <summary>Gets the layer.</summary>
    protected ScoringConvolution Layer => layer;

    /// <summary>Gets the form of the input.</summary>
    protected MapShape Input => input;

    /// <summary>Brings a layer into the form that computes it fastest.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The form of its input, with a border of zeros as wide as it needs or wider.</param>
    /// <param name="border">The width of the border around its output.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public static ManagedConvolution Of(ScoringConvolution layer, MapShape input, int border, int threads) =>
        WinogradConvolution.CanCompute(layer, input)
            ? new WinogradConvolution(layer, input, border, threads)
            : new DirectConvolution(layer, input, border, threads);

    /// <inheritdoc/>
    public abstract void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member);
}

/// <summary>A convolution as it is defined: the sum over each window.</summary>
internal sealed class DirectConvolution : ManagedConvolution
{
    private readonly StripMatrix _weights; // (side²·C, outputs), window row by row
    private readonly StripRows _windows;
    private readonly int _width; // of what is not pooled yet
    private readonly int _workOfOne;
    private readonly int _rowsAtOnce; // of results, by a thread
    private readonly int _threads;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The form of its input.</param>
    /// <param name="border">The width of the border around its output.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public DirectConvolution(ScoringConvolution layer, MapShape input, int border, int threads)
        : base(layer, input, border)
    {
        _weights = StripMatrix.OfKernels(layer.Weight);
        _windows = new StripRows(layer.Stride * layer.Inputs, layer.Side, layer.Side * layer.Inputs, input.Stride);
        _width = ((input.Width - 1) / layer.Stride) + 1;
        _workOfOne = Math.Max(StripKernels.Rows, layer.Pool == 2 ? 2 * _width : 0) * layer.Outputs;
        _threads = threads;
        _rowsAtOnce = threads == 1 ? Output.Height : Math.Max(1, Output.Height * Strips / (ThreadTeam.Shares * threads));
    }

    /// <inheritdoc/>
    public override int WorkLength => _threads * _workOfOne;

    // Where pixels are pooled, ReLU comes with that.
    private float Least => Layer is { IsClipped: true, Pool: 1 } ? 0 : float.NegativeInfinity;

    private int Strips => (Layer.Outputs + StripMatrix.Strip - 1) / StripMatrix.Strip;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        var own = member.Own(work, _workOfOne);
        if (Layer.Pool == 2)
        {
            ForwardPooled(maps, own, output, member);
            return;
        }

        var groups = (Output.Height + _rowsAtOnce - 1) / _rowsAtOnce;
        foreach (var turn in member.Share(Strips * groups)) // a strip of weights is read for many pixels
        {
            var (first, group) = (turn / groups * StripMatrix.Strip, turn % groups);
            for (var y = group * _rowsAtOnce; y < Math.Min(Output.Height, (group + 1) * _rowsAtOnce); y++)
            {
                ConvolveRow(maps, y, first, own, Output.Row(output, y));
            }
        }
    }

    // Two rows of results at a time: of so few channels are the layers that are pooled.
    private void ForwardPooled(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        var length = _width * Layer.Outputs;
        foreach (var y in member.Share(Output.Height))
        {
            for (var first = 0; first < Layer.Outputs; first += StripMatrix.Strip)
            {
                ConvolveRow(maps, 2 * y, first, [], work[..length]);
                ConvolveRow(maps, (2 * y) + 1, first, [], work.Slice(length, length));
            }

            ManagedKernels.Pool(work[..length], work.Slice(length, length), Layer.Outputs, Output.Row(output, y));
        }
    }

    private void ConvolveRow(ReadOnlySpan<float> maps, int y, int first, Span<float> work, Span<float> row)
    {
        var start = Input.Place((y * Layer.Stride) - Layer.Border, -Layer.Border);
        var strip = _weights.At(first);
        var bias = Layer.Bias.Values.AsSpan(first, _weights.WidthAt(first));
        if (_width >= StripKernels.Rows)
        {
            StripKernels.Multiply(maps, start, _windows, _width, strip, bias, Least, row[first..], Layer.Outputs);
            return;
        }

        for (var x = 0; x < _width; x++) // each pixel as often as the kernel takes pixels
        {
            var (window, place) = (_windows with { Step = 0 }, start + (x * _windows.Step));
            StripKernels.Multiply(maps, place, window, StripKernels.Rows, strip, bias, Least, work, bias.Length);
            work[..bias.Length].CopyTo(row[((x * Layer.Outputs) + first)..]);
        }
    }
}
