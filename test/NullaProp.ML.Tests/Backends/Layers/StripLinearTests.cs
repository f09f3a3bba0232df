using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>A linear layer for several rows against sums in double precision, and to the bit what a row gets by itself.</summary>
[TestClass]
public sealed class StripLinearTests
{
    private const double Rounding = 1e-5;

    // Outputs that fill no vector, maps that are read pixel by pixel, rows that lie apart.
    [TestMethod]
    [DataRow(12, 1, 5, 4, 12)]
    [DataRow(24, 4, 40, 9, 31)]
    [DataRow(60, 3, 64, 16, 60)]
    public void Forward_AnyRows_GivesEachWhatItGetsAlone(int inputs, int channels, int outputs, int rows, int stride)
    {
        var random = new Random(inputs);
        var layer = new HostLinear(
            new HostTensor([outputs, inputs], Numbers(random, outputs * inputs)), new HostTensor([outputs], Numbers(random, outputs)));
        var (many, one) = (new StripLinear(layer, channels), new ManagedLinear(layer, channels));
        var (x, y, alone) = (Numbers(random, rows * stride), new float[rows * many.Width], new float[one.Length]);

        many.Forward(x, stride, rows, y);

        for (var row = 0; row < rows; row++)
        {
            one.Forward(x.AsSpan(row * stride, inputs), alone);
            CollectionAssert.AreEqual(alone, y[(row * many.Width)..((row + 1) * many.Width)]);
            for (var output = 0; output < outputs; output++)
            {
                Assert.AreEqual(Expected(row, output), y[(row * many.Width) + output], Rounding, $"row {row}, output {output}");
            }
        }

        // Input i of the layer is channel i / pixels at pixel i % pixels.
        double Expected(int row, int output) => layer.Bias.Values[output] + Enumerable.Range(0, inputs).Sum(i =>
        {
            var (channel, pixel) = (i / (inputs / channels), i % (inputs / channels));
            return (double)x[(row * stride) + (pixel * channels) + channel] * layer.Weight.Values[(output * inputs) + i];
        });
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
}
