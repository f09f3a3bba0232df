using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Both ways to convolve, against libtorch's convolution of double precision.</summary>
[TestClass]
public sealed class ManagedConvolutionTests
{
    private const double Rounding = 5e-5; // single precision, side²·C products of numbers up to 1

    // Sizes that fill no tile and no group of tiles, more rows of tiles than are computed at once, and borders that must stay as they are.
    [TestMethod]
    [DataRow(1, 16, 8, 8, 2, 1)]
    [DataRow(3, 48, 7, 9, 1, 0)]
    [DataRow(3, 32, 5, 6, 2, 1)]
    [DataRow(16, 32, 4, 4, 2, 0)]
    [DataRow(16, 16, 7, 7, 1, 1)]
    [DataRow(32, 64, 14, 14, 2, 0)]
    [DataRow(32, 48, 15, 13, 2, 1)]
    [DataRow(64, 16, 5, 11, 1, 1)]
    [DataRow(16, 32, 40, 36, 1, 0)]
    [DataRow(16, 32, 6, 300, 2, 1)]
    public void Forward_PooledOrClipped_IsTheConvolutionOfLibtorch(int inputs, int outputs, int height, int width, int pool, int border) =>
        AssertEqual(inputs, outputs, height, width, side: 3, stride: 1, pool, inputBorder: 1, border, isClipped: true);

    // The layers of residual networks: a stem, strides, 1×1 kernels below a border for others, maps of less than four pixels.
    [TestMethod]
    [DataRow(3, 64, 21, 30, 7, 2, 3)]
    [DataRow(64, 128, 14, 15, 3, 2, 1)]
    [DataRow(64, 128, 14, 15, 1, 2, 1)]
    [DataRow(32, 64, 7, 7, 1, 1, 0)]
    [DataRow(64, 64, 8, 8, 3, 1, 2)]
    [DataRow(32, 48, 3, 2, 3, 1, 1)]
    [DataRow(32, 48, 5, 3, 3, 2, 1)]
    [DataRow(16, 16, 1, 1, 3, 1, 1)]
    public void Forward_NeitherPooledNorClipped_IsTheConvolutionOfLibtorch(
        int inputs, int outputs, int height, int width, int side, int stride, int inputBorder) =>
        AssertEqual(inputs, outputs, height, width, side, stride, pool: 1, inputBorder, border: 1, isClipped: false);

    [TestMethod]
    public void Of_ManyChannelsAndOneStep_GoesByTiles()
    {
        var weight = new HostTensor([16, 32, 3, 3], new float[16 * 32 * 9]);
        var layer = new ScoringConvolution(weight, new HostTensor([16], new float[16]), Stride: 1, Pool: 1, IsClipped: true);
        var maps = new MapShape(8, 8, 32, Border: 1);

        Assert.IsInstanceOfType<WinogradConvolution>(ManagedConvolution.Of(layer, maps, border: 0, threads: 1));
        Assert.IsInstanceOfType<DirectConvolution>(ManagedConvolution.Of(layer with { Stride = 2 }, maps, border: 0, threads: 1));
    }

    private static void AssertEqual(
        int inputs, int outputs, int height, int width, int side, int stride, int pool, int inputBorder, int border, bool isClipped)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11, CPU);
        var (image, weight) = (Uniform(generator, 1, inputs, height, width), Uniform(generator, outputs, inputs, side, side));
        var bias = Uniform(generator, outputs);
        var layer = new ScoringConvolution(HostTensor.Of(weight), HostTensor.Of(bias), stride, pool, isClipped);
        var full = nn.functional.conv2d(image, weight, bias, strides: [stride, stride], padding: [side / 2, side / 2]);
        var pooled = nn.functional.max_pool2d(full, pool);
        var expected = Bordered(isClipped ? pooled.relu() : pooled, border).data<double>().ToArray();
        foreach (var threads in new[] { 1, 3 }) // which is how its work is cut up; here one does it all
        {
            var convolution = ManagedConvolution.Of(layer, new MapShape(height, width, inputs, inputBorder), border, threads);
            var (output, work) = (new float[convolution.Output.Length], new float[convolution.WorkLength]);
            Array.Fill(work, float.NaN); // nothing is read that was not written

            convolution.Forward(HostTensor.Of(Bordered(image, inputBorder)).Values, work, output, TeamMember.Alone);

            Assert.HasCount(expected.Length, output);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i], output[i], Rounding, $"{threads} threads, value {i}");
            }
        }
    }

    // (H+2·border, W+2·border, C) of (1, C, H, W).
    private static Tensor Bordered(Tensor image, int border) =>
        nn.functional.pad(image, [border, border, border, border])[0].permute(1, 2, 0).contiguous();

    private static Tensor Uniform(Generator generator, params long[] shape) =>
        rand(shape, dtype: ScalarType.Float32, device: CPU, generator: generator).mul(2).sub(1).to(ScalarType.Float64);
}
