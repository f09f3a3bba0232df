using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

/// <summary>One-hot labels that are longer than their code: they are read without being written out.</summary>
[TestClass]
public sealed class NoisyLabelsTests
{
    private const int Classes = 300;
    private const int Width = 16;
    private static readonly long[] Labels = [0, 299, 7, 7];

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.25)]
    public void Through_OneHotLabels_IsTheLayerAppliedToThem(double factor)
    {
        using var scope = NewDisposeScope();
        var layer = Layer();
        using Scalar held = factor;

        var through = Noisy(ScalarType.Float32).Through(layer, held);

        var difference = (through - Expected(layer, factor)).abs().max().item<float>();
        Assert.IsLessThan(1e-5, difference);
    }

    // 8 bits of accuracy: 0.4 % of a number, less of a sum of 300 of them.
    [TestMethod]
    public void Through_BFloat16_DiffersByItsRoundingAlone()
    {
        using var scope = NewDisposeScope();
        var layer = Layer();
        using Scalar one = 1.0;

        var through = Noisy(ScalarType.BFloat16).Through(layer, one);

        var expected = Expected(layer, 1);
        var difference = ((through - expected).abs().max() / expected.abs().max()).item<float>();
        Assert.IsLessThan(0.01, difference);
        Assert.IsGreaterThan(1e-5, difference, "computed in single precision");
        Assert.AreEqual(ScalarType.Float32, through.dtype);
    }

    [TestMethod]
    public void Shape_BeforeTheyAreWrittenOut_IsThatOfTheirValues()
    {
        using var scope = NewDisposeScope();
        var clean = new CleanLabels(new OneHotVectors(Classes), tensor(Labels));

        CollectionAssert.AreEqual(clean.Values.shape, clean.Shape);
        Assert.AreSame(clean.Values, clean.Values);
        CollectionAssert.AreEqual(Labels, clean.Values.argmax(1).data<long>().ToArray());
    }

    private static Linear Layer() =>
        new(new WeightScope(Weights.Drawn(new RandomStreams(3), CPU), "layer"), Classes, Width);

    private static NoisyLabels Noisy(ScalarType precision)
    {
        var levels = new NoiseLevels(tensor(new[] { -5f, -1f, 0f, 2f }).view(4, 1), ones(4, 1, dtype: ScalarType.Float32));
        return new NoisyLabels(levels, new CleanLabels(new OneHotVectors(Classes), tensor(Labels)), Epsilon(), precision);
    }

    private static Tensor Epsilon() => new RandomStreams(5).Of("noise").Normal([Labels.Length, Classes], ScalarType.Float32);

    // c·A·(√ᾱ·u + √(1−ᾱ)·ε) + b in double precision, with ᾱ = 1/(1 + exp(−λ)).
    private static Tensor Expected(Linear layer, double factor)
    {
        var z = Epsilon().data<float>().Select(value => (double)value).ToArray();
        foreach (var (row, logSnr) in new[] { -5.0, -1, 0, 2 }.Index())
        {
            var alphaBar = 1 / (1 + Math.Exp(-logSnr));
            for (var place = 0; place < Classes; place++)
            {
                z[(row * Classes) + place] *= Math.Sqrt(1 - alphaBar);
            }

            z[(row * Classes) + Labels[row]] += Math.Sqrt(alphaBar);
        }

        var product = tensor(z).view(Labels.Length, Classes).mm(layer.Weight.Value.to(ScalarType.Float64).t()) * factor;
        return (product + layer.Bias.Value.to(ScalarType.Float64)).to(ScalarType.Float32);
    }
}
