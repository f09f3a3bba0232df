using System.Numerics.Tensors;
using NullaProp.ML.Networks;
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
    private readonly int _rowsOfTiles; // at once
    private readonly float[] _kernels; // U, (16, C, outputs)

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer; its inputs and outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels, 2 or more.</param>
    /// <param name="width">The width of its input, in pixels, 2 or more.</param>
    /// <param name="border">The width of the border of zeros around its output.</param>
    public WinogradConvolution(BackboneLayer.Convolution layer, int height, int width, int border)
        : base(layer, height, width, border)
    {
        // Where pixels are pooled, a tile is a square of them, and a last odd pixel is left out.
        _tilesAcross = Pool == 2 ? width / 2 : (width + 1) / 2;
        _rowsOfTiles = Math.Clamp(MostTiles / _tilesAcross, 1, RowsOfTiles);
        _kernels = Kernels(layer.Weight);
    }

    /// <inheritdoc/>
    public override int WorkLength => (WinogradKernels.Points * Tiles * (Inputs + Outputs)) + (4 * Outputs);

    private int RowsOfTiles => Pool == 2 ? InputHeight / 2 : (InputHeight + 1) / 2;

    // At once, and a few of no meaning.
    private int Tiles => ((_rowsOfTiles * _tilesAcross) + WinogradKernels.Group - 1) / WinogradKernels.Group * WinogradKernels.Group;

    /// <summary>Returns whether a layer can be computed so: the pixels of its input are whole vectors.</summary>
    /// <param name="layer">The layer.</param>
    public static bool CanCompute(BackboneLayer.Convolution layer) => layer.Weight.Shape[1] % ManagedKernels.Lanes == 0;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output)
    {
        var stride = (InputWidth + 2) * Inputs;
        var values = work[..(WinogradKernels.Points * Tiles * Inputs)];
        var products = work.Slice(values.Length, WinogradKernels.Points * Tiles * Outputs);
        var results = work.Slice(values.Length + products.Length, 4 * Outputs);
        for (var first = 0; first < RowsOfTiles; first += _rowsOfTiles)
        {
            var count = Math.Min(_rowsOfTiles, RowsOfTiles - first) * _tilesAcross;
            for (var tile = 0; tile < count; tile++)
            {
                var (y, x) = Corner(first, tile);
                WinogradKernels.Spread(input, (y * stride) + (x * Inputs), stride, Inputs, tile, Tiles, values);
            }

            WinogradKernels.Multiply(Tiles, values, _kernels, Outputs, products);
            for (var tile = 0; tile < count; tile++)
            {
                WinogradKernels.Gather(products, tile, Tiles, Bias, results);
                Write(Corner(first, tile), results, output);
            }
        }
    }

    // U = G·g·Gᵀ for each pair of channels, of a kernel g of 3×3; in double precision, for it is done once.
    private static float[] Kernels(HostTensor weight)
    {
        double[][] g = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]];
        var (outputs, inputs) = ((int)weight.Shape[0], (int)weight.Shape[1]);
        var kernels = new float[WinogradKernels.Points * inputs * outputs];
        for (var output = 0; output < outputs; output++)
        {
            for (var input = 0; input < inputs; input++)
            {
                var kernel = weight.Values.AsSpan(((output * inputs) + input) * 9, 9);
                for (var point = 0; point < WinogradKernels.Points; point++)
                {
                    var (down, across) = (g[point / 4], g[point % 4]);
                    var sum = 0.0;
                    for (var i = 0; i < 9; i++)
                    {
                        sum += down[i / 3] * kernel[i] * across[i % 3];
                    }

                    kernels[(((point * inputs) + input) * outputs) + output] = (float)sum;
                }
            }
        }

        return kernels;
    }

    // Where a tile's results lie in the input; the last of an odd number of pixels is computed with the one before, once more.
    private (int Y, int X) Corner(int firstRow, int tile) => (
        Math.Min(2 * (firstRow + (tile / _tilesAcross)), InputHeight - 2),
        Math.Min(2 * (tile % _tilesAcross), InputWidth - 2));

    private void Write((int Y, int X) corner, Span<float> results, Span<float> output)
    {
        if (Pool == 2)
        {
            var upper = results[..(2 * Outputs)];
            ManagedKernels.Pool(upper, results[upper.Length..], Outputs, output.Slice(Place(corner.Y / 2, corner.X / 2), Outputs));
            return;
        }

        TensorPrimitives.Max(results, 0f, results);
        var row = 2 * Outputs;
        results[..row].CopyTo(output[Place(corner.Y, corner.X)..]);
        results[row..].CopyTo(output[Place(corner.Y + 1, corner.X)..]);
    }
}
