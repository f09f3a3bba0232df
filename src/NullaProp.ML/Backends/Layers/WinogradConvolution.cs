using System.Numerics.Tensors;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// A 3×3 convolution, max-pool and ReLU for one image by tiles of 2×2 results: some two fifths of the products of
/// <see cref="DirectConvolution"/> (<see cref="WinogradKernels"/>).
/// </summary>
internal sealed class WinogradConvolution : ManagedConvolution
{
    private const int MostTiles = 64; // at once: what they take of a processor's cache is 16·(C + outputs)·64 floats

    private readonly int _tilesAcross;
    private readonly int _rowsOfTiles;
    private readonly int _rowsAtOnce;
    private readonly int _tiles; // at once
    private readonly int _groups; // of as many
    private readonly bool _isByGroup; // whether threads take one each, or share each
    private readonly int _threads;
    private readonly StripMatrix[] _kernels; // U, for each of 16 points (C, outputs)

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The form of its input.</param>
    /// <param name="border">The width of the border around its output.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public WinogradConvolution(ScoringConvolution layer, MapShape input, int border, int threads)
        : base(layer, input, border)
    {
        // Where pixels are pooled, a tile is a square of them, and a last odd pixel is left out.
        _tilesAcross = layer.Pool == 2 ? input.Width / 2 : (input.Width + 1) / 2;
        _rowsOfTiles = layer.Pool == 2 ? input.Height / 2 : (input.Height + 1) / 2;
        _rowsAtOnce = Math.Clamp(MostTiles / _tilesAcross, 1, _rowsOfTiles);
        _tiles = Math.Max(StripKernels.Rows, _rowsAtOnce * _tilesAcross);
        _kernels = Kernels(layer.Weight);
        _groups = (_rowsOfTiles + _rowsAtOnce - 1) / _rowsAtOnce;
        (_threads, _isByGroup) = (threads, threads == 1 || _groups >= ThreadTeam.Shares * threads);
    }

    /// <inheritdoc/>
    public override int WorkLength => _isByGroup
        ? _threads * (ValuesLength + ProductsLength + ResultsLength)
        : ValuesLength + ProductsLength + (_threads * ResultsLength);

    private int ValuesLength => WinogradKernels.Points * _tiles * Layer.Inputs;

    private int ProductsLength => WinogradKernels.Points * _tiles * Layer.Outputs;

    private int ResultsLength => 4 * Layer.Outputs;

    /// <summary>Returns whether a layer can be computed so.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">The form of its input.</param>
    public static bool CanCompute(ScoringConvolution layer, MapShape input) =>
        layer is { Side: 3, Stride: 1 } && layer.Inputs % ManagedKernels.Lanes == 0 && input is { Height: > 1, Width: > 1 };

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<float> maps, Span<float> work, Span<float> output, TeamMember member)
    {
        var both = ValuesLength + ProductsLength;
        if (_isByGroup)
        {
            var own = member.Own(work, both + ResultsLength);
            foreach (var group in member.Share(_groups))
            {
                ForwardGroup(group, maps, own[..both], own[both..], output, TeamMember.Alone);
            }

            return;
        }

        var results = member.Own(work[both..], ResultsLength);
        for (var group = 0; group < _groups; group++)
        {
            ForwardGroup(group, maps, work[..both], results, output, member);
        }
    }

    private void ForwardGroup(
        int group, ReadOnlySpan<float> maps, Span<float> work, Span<float> results, Span<float> output, TeamMember member)
    {
        var first = group * _rowsAtOnce;
        var values = work[..ValuesLength];
        var products = work[ValuesLength..];
        var count = Math.Min(_rowsAtOnce, _rowsOfTiles - first) * _tilesAcross;
        foreach (var tile in member.Share(count))
        {
            var (y, x) = Corner(first, tile);
            WinogradKernels.Spread(maps, Input.Place(y - 1, x - 1), Input.Stride, Layer.Inputs, tile, _tiles, values);
        }

        foreach (var point in member.Share(WinogradKernels.Points))
        {
            Multiply(point, Math.Max(StripKernels.Rows, count), values, products);
        }

        foreach (var tile in member.Share(count))
        {
            WinogradKernels.Gather(products, tile, _tiles, Layer.Bias.Values, results);
            Write(Corner(first, tile), results, output);
        }
    }

    // U for each pair of channels.
    private static StripMatrix[] Kernels(HostTensor weight)
    {
        var pairs = weight.Values.Length / 9;
        var points = new float[WinogradKernels.Points * pairs]; // (16, outputs, C)
        WinogradKernels.SpreadKernels(weight.Values, points);
        return [.. Enumerable.Range(0, WinogradKernels.Points)
            .Select(point => StripMatrix.Of(points.AsSpan(point * pairs, pairs), weight.Rows))];
    }

    // M = V·U for one of the 16 points.
    private void Multiply(int point, int tiles, ReadOnlySpan<float> values, Span<float> products)
    {
        var rows = new StripRows(Layer.Inputs, Pieces: 1, Layer.Inputs, Jump: 0);
        for (var first = 0; first < Layer.Outputs; first += StripMatrix.Strip)
        {
            var target = products[((point * _tiles * Layer.Outputs) + first)..];
            var start = point * _tiles * Layer.Inputs;
            StripKernels.Multiply(
                values, start, rows, tiles, _kernels[point].At(first), bias: [], least: float.NegativeInfinity, target, Layer.Outputs);
        }
    }

    // Where a tile's results lie in the input; the last of an odd number of pixels is computed with the one before, once more.
    private (int Y, int X) Corner(int firstRow, int tile) => (
        Math.Min(2 * (firstRow + (tile / _tilesAcross)), Input.Height - 2),
        Math.Min(2 * (tile % _tilesAcross), Input.Width - 2));

    private void Write((int Y, int X) corner, Span<float> results, Span<float> output)
    {
        var row = 2 * Layer.Outputs;
        if (Layer.Pool == 2)
        {
            var pixel = output.Slice(Output.Place(corner.Y / 2, corner.X / 2), Layer.Outputs);
            ManagedKernels.Pool(results[..row], results[row..], Layer.Outputs, pixel);
            return;
        }

        if (Layer.IsClipped)
        {
            TensorPrimitives.Max(results, 0f, results);
        }

        // What a tile has in common with the last, that one writes.
        var (rows, width) = (corner.Y == Input.Height - 3 ? 1 : 2, corner.X == Input.Width - 3 ? Layer.Outputs : row);
        for (var y = 0; y < rows; y++)
        {
            results.Slice(y * row, width).CopyTo(output[Output.Place(corner.Y + y, corner.X)..]);
        }
    }
}
