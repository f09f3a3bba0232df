using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

using static TorchSharp.torch;
namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Both ways to convolve, against libtorch's convolution of double precision.</summary>
[TestClass]
public sealed class ManagedConvolutionTests
{
    private const double Rounding = 2e-5; // single precision, 9·C products of numbers up to 1

    // Sizes that fill no tile and no group of tiles, more rows of tiles than are computed at once, and borders that must stay zero.
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
    public void Forward_AnySize_IsTheConvolutionOfLibtorch(int inputs, int outputs, int height, int width, int pool, int border)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11, CPU);
        var (image, weight) = (Uniform(generator, 1, inputs, height, width), Uniform(generator, outputs, inputs, 3, 3));
        var bias = Uniform(generator, outputs);
        var layer = new BackboneLayer.Convolution(HostTensor.Of(weight), HostTensor.Of(bias), pool);
        var convolution = ManagedConvolution.Of(layer, height, width, border);
        var (output, work) = (new float[convolution.Length], new float[convolution.WorkLength]);
        Array.Fill(work, float.NaN); // nothing is read that was not written

        convolution.Forward(HostTensor.Of(Bordered(image, 1)).Values, work, output);

        var full = nn.functional.conv2d(image, weight, bias, padding: [1, 1]);
        var expected = Bordered(nn.functional.max_pool2d(full, pool).relu(), border).data<double>().ToArray();
        Assert.AreEqual(inputs % 16 == 0, convolution is WinogradConvolution);
        Assert.HasCount(expected.Length, output);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], output[i], Rounding, $"value {i}");
        }
    }

    // (H+2·border, W+2·border, C) of (1, C, H, W).
    private static Tensor Bordered(Tensor image, int border) =>
        nn.functional.pad(image, [border, border, border, border])[0].permute(1, 2, 0).contiguous();

    private static Tensor Uniform(Generator generator, params long[] shape) =>
        rand(shape, dtype: ScalarType.Float64, device: CPU, generator: generator).mul(2).sub(1).to(ScalarType.Float32).to(ScalarType.Float64);
}
