using System.Runtime.Intrinsics;
using NullaProp.ML.Backends.Layers;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Winograd's loops against the matrices of the paper in double precision, and the same bits by vectors of every width.</summary>
[TestClass]
public sealed class WinogradKernelsTests
{
    private const double Rounding = 1e-5; // single precision, some hundred products of numbers up to 4
    private const int Tiles = 8;

    // Lavin and Gray, arXiv 1509.09308, equation (10).
    private static readonly double[][] B = [[1, 0, 0, 0], [0, 1, -1, 1], [-1, 1, 1, 0], [0, 0, 0, -1]];
    private static readonly double[][] G = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]];
    private static readonly double[][] A = [[1, 0], [1, 1], [1, -1], [0, -1]];

    [TestMethod]
    [DataRow(16)]
    [DataRow(48)]
    public void Spread_ATile_IsMultipliedFromBothSides(int channels)
    {
        const int width = 6;
        const int start = 2; // the third pixel of the second row
        var image = Numbers(channels, 5 * width * channels);
        var (chosen, by512, by256, by128) = Targets(16 * Tiles * channels);
        var (place, stride) = ((width + start) * channels, width * channels);

        WinogradKernels.Spread(image, place, stride, channels, tile: 5, Tiles, chosen);
        WinogradKernels.Spread<Vectors512, Vector512<float>>(image, place, stride, channels, 5, Tiles, by512);
        WinogradKernels.Spread<Vectors256, Vector256<float>>(image, place, stride, channels, 5, Tiles, by256);
        WinogradKernels.Spread<Vectors128, Vector128<float>>(image, place, stride, channels, 5, Tiles, by128);

        for (var channel = 0; channel < channels; channel++)
        {
            var expected = Between(B, (y, x) => image[place + (y * stride) + (x * channels) + channel]);
            for (var point = 0; point < 16; point++)
            {
                Assert.AreEqual(expected[point], chosen[(((point * Tiles) + 5) * channels) + channel], Rounding, $"{channel}, {point}");
            }
        }

        AssertEqual(chosen, by512, by256, by128);
    }

    [TestMethod]
    [DataRow(16)]
    [DataRow(48)]
    public void Gather_ATile_IsFourResultsWithTheirBias(int outputs)
    {
        var (products, bias) = (Numbers(1, 16 * Tiles * outputs), Numbers(2, outputs));
        var (chosen, by512, by256, by128) = Targets(4 * outputs);

        WinogradKernels.Gather(products, tile: 3, Tiles, bias, chosen);
        WinogradKernels.Gather<Vectors512, Vector512<float>>(products, 3, Tiles, bias, by512);
        WinogradKernels.Gather<Vectors256, Vector256<float>>(products, 3, Tiles, bias, by256);
        WinogradKernels.Gather<Vectors128, Vector128<float>>(products, 3, Tiles, bias, by128);

        for (var output = 0; output < outputs; output++)
        {
            var expected = Between(A, (y, x) => products[((((4 * y) + x) * Tiles) + 3) * outputs + output]);
            for (var result = 0; result < 4; result++)
            {
                Assert.AreEqual(expected[result] + bias[output], chosen[(result * outputs) + output], Rounding, $"{output}, {result}");
            }
        }

        AssertEqual(chosen, by512, by256, by128);
    }

    [TestMethod]
    public void Spread_TileBeyondTheImage_IsRefusedBeforeItIsRead() =>
        Assert.ThrowsExactly<IndexOutOfRangeException>(
            () => WinogradKernels.Spread(new float[4 * 4 * 16], start: 16, stride: 4 * 16, 16, tile: 0, tiles: 4, new float[16 * 4 * 16]));

    [TestMethod]
    public void SpreadKernels_Some_AreMultipliedFromBothSides()
    {
        var kernels = Numbers(3, 5 * 9);
        var spread = new float[16 * 5];

        WinogradKernels.SpreadKernels(kernels, spread);

        for (var n = 0; n < 5; n++)
        {
            for (var point = 0; point < 16; point++)
            {
                var expected = Enumerable.Range(0, 9).Sum(i => G[point / 4][i / 3] * kernels[(9 * n) + i] * G[point % 4][i % 3]);
                Assert.AreEqual(expected, spread[(point * 5) + n], 1e-7, $"{n}, {point}");
            }
        }
    }

    // Mᵀ·x·M, row by row.
    private static double[] Between(double[][] matrix, Func<int, int, float> x)
    {
        var side = matrix[0].Length;
        return [.. Enumerable.Range(0, side * side).Select(i => Enumerable.Range(0, 16)
            .Sum(at => matrix[at / 4][i / side] * x(at / 4, at % 4) * matrix[at % 4][i % side]))];
    }

    private static void AssertEqual(float[] chosen, params float[][] others)
    {
        foreach (var other in others)
        {
            CollectionAssert.AreEqual(chosen, other);
        }
    }

    private static (float[] Chosen, float[] By512, float[] By256, float[] By128) Targets(int length) =>
        (new float[length], new float[length], new float[length], new float[length]);

    private static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
    }
}
