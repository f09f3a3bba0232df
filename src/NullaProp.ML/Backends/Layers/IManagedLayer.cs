using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Backends.Layers;

/// <summary>A layer of an image network for one image, in managed memory.</summary>
internal interface IManagedLayer
{
    /// <summary>Gets the form of what it writes; a vector is a single pixel.</summary>
    MapShape Output { get; }

    /// <summary>Gets the length of the working memory that it needs.</summary>
    int WorkLength { get; }

    /// <summary>Gets how many products it adds up for an image, as far as they count: those of convolutions.</summary>
    long Products => 0;

    /// <summary>Computes the layer.</summary>
    /// <param name="input">What the layer before wrote.</param>
    /// <param name="work">Working memory, with anything in it.</param>
    /// <param name="output">Where to write; a border is left as it is.</param>
    /// <param name="member">The thread: all of a team call this, and each computes a part.</param>
    void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output, TeamMember member);
}

/// <summary>Layers one behind the other.</summary>
internal sealed class ManagedChain : IManagedLayer
{
    private readonly IReadOnlyList<IManagedLayer> _layers;
    private readonly int _between; // the length of what one of two memories must hold, from which and to which the layers compute in turns

    /// <summary>Joins layers.</summary>
    /// <param name="layers">The layers, at least one.</param>
    public ManagedChain(IReadOnlyList<IManagedLayer> layers)
    {
        _layers = layers;
        _between = layers.SkipLast(1).Select(layer => layer.Output.Length).DefaultIfEmpty(0).Max();
        WorkLength = (2 * _between) + layers.Max(layer => layer.WorkLength);
    }

    /// <inheritdoc/>
    public MapShape Output => _layers[^1].Output;

    /// <inheritdoc/>
    public int WorkLength { get; }

    /// <inheritdoc/>
    public long Products => _layers.Sum(layer => layer.Products);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output, TeamMember member)
    {
        var rest = work[(2 * _between)..];
        for (var i = 0; i < _layers.Count; i++)
        {
            var layer = _layers[i];
            var target = i == _layers.Count - 1 ? output : work.Slice(i % 2 * _between, layer.Output.Length);
            foreach (var _ in member.Share(layer.Output.Border > 0 ? 1 : 0))
            {
                layer.Output.ClearBorder(target);
            }

            layer.Forward(input, rest, target, member);
            input = target;
        }
    }
}

/// <summary>The sum of what two chains make of the same maps, perhaps with ReLU.</summary>
/// <param name="path">One chain.</param>
/// <param name="shortcut">The other; <see langword="null"/> where the maps themselves are added.</param>
/// <param name="input">The form of the maps.</param>
/// <param name="isClipped">Whether ReLU follows.</param>
internal sealed class ManagedResidual(ManagedChain path, ManagedChain? shortcut, MapShape input, bool isClipped) : IManagedLayer
{
    /// <inheritdoc/>
    public MapShape Output => path.Output;

    /// <inheritdoc/>
    public int WorkLength => (shortcut?.Output.Length ?? 0) + Math.Max(path.WorkLength, shortcut?.WorkLength ?? 0);

    /// <inheritdoc/>
    public long Products => path.Products + (shortcut?.Products ?? 0);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        path.Forward(maps, work, output, member);
        if (shortcut is null)
        {
            Add(maps, input, output, member);
            return;
        }

        var beside = work[..shortcut.Output.Length];
        shortcut.Forward(maps, work[beside.Length..], beside, member);
        Add(beside, shortcut.Output, output, member);
    }

    private void Add(ReadOnlySpan<float> maps, MapShape shape, Span<float> output, TeamMember member)
    {
        foreach (var y in member.Share(Output.Height))
        {
            var row = Output.Row(output, y);
            TensorPrimitives.Add(row, shape.Row(maps, y), row);
            if (isClipped)
            {
                TensorPrimitives.Max(row, 0f, row);
            }
        }
    }
}

/// <summary>max(x, 0).</summary>
/// <param name="input">The form of what it reads; it has no border.</param>
internal sealed class ManagedRelu(MapShape input) : IManagedLayer
{
    /// <inheritdoc/>
    public MapShape Output => input;

    /// <inheritdoc/>
    public int WorkLength => 0;

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        foreach (var _ in member.Share(1))
        {
            TensorPrimitives.Max(maps[..input.Length], 0f, output);
        }
    }
}

/// <summary>The largest of each square of pixels: of each column of one row of squares first, then of neighbouring columns.</summary>
/// <param name="pool">The squares.</param>
/// <param name="input">The form of what it reads.</param>
/// <param name="border">The width of the border around what it writes.</param>
/// <param name="threads">The most threads that compute an image together.</param>
internal sealed class ManagedMaxPool(BackboneLayer.MaxPool pool, MapShape input, int border, int threads) : IManagedLayer
{
    /// <inheritdoc/>
    public MapShape Output { get; } = new(Count(input.Height, pool), Count(input.Width, pool), input.Channels, border);

    /// <inheritdoc/>
    public int WorkLength => threads * Columns;

    private int Columns => input.Width * input.Channels;

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        var columns = member.Own(work, Columns);
        foreach (var y in member.Share(Output.Height))
        {
            var (top, bottom) = Inside(y, input.Height);
            input.Row(maps, top).CopyTo(columns);
            for (var row = top + 1; row < bottom; row++)
            {
                TensorPrimitives.Max(columns, input.Row(maps, row), columns);
            }

            for (var x = 0; x < Output.Width; x++)
            {
                WriteLargest(columns, Inside(x, input.Width), output.Slice(Output.Place(y, x), input.Channels));
            }
        }
    }

    private static int Count(int length, BackboneLayer.MaxPool pool) => ((length + (2 * pool.Padding) - pool.Side) / pool.Stride) + 1;

    // What of a square lies in the image: the first row or column, and the one behind the last.
    private (int First, int End) Inside(int square, int length)
    {
        var first = (square * pool.Stride) - pool.Padding;
        return (Math.Max(0, first), Math.Min(length, first + pool.Side));
    }

    private void WriteLargest(ReadOnlySpan<float> columns, (int First, int End) range, Span<float> pixel)
    {
        columns.Slice(range.First * input.Channels, input.Channels).CopyTo(pixel);
        for (var x = range.First + 1; x < range.End; x++)
        {
            TensorPrimitives.Max(pixel, columns.Slice(x * input.Channels, input.Channels), pixel);
        }
    }
}

/// <summary>The mean of each channel's pixels.</summary>
/// <param name="input">The form of what it reads.</param>
internal sealed class ManagedChannelMean(MapShape input) : IManagedLayer
{
    /// <inheritdoc/>
    public MapShape Output { get; } = new(1, 1, input.Channels, Border: 0);

    /// <inheritdoc/>
    public int WorkLength => 0;

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        foreach (var _ in member.Share(1))
        {
            WriteMeans(maps, output);
        }
    }

    private void WriteMeans(ReadOnlySpan<float> maps, Span<float> output)
    {
        output.Clear();
        for (var y = 0; y < input.Height; y++)
        {
            for (var x = 0; x < input.Width; x++)
            {
                TensorPrimitives.Add(output, maps.Slice(input.Place(y, x), input.Channels), output);
            }
        }

        TensorPrimitives.Divide(output, (float)(input.Height * input.Width), output);
    }
}
