using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

/// <summary>The encoders of noisy label and time.</summary>
[TestClass]
public sealed class EncoderTests
{
    [TestMethod]
    [DataRow(8, true)] // as long as the code: the JAX reference's residual block
    [DataRow(3, false)] // one-hot of three classes
    public void NoisyLabelCode_ZeroSecondLayer_IsTheLabelWhereLengthsAgree(int dimension, bool isLabel)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var encoder = new NoisyLabelEncoder(weights.Under("l"), dimension, 8);
        Zero(weights, "l.second.");
        var z = randn(4, dimension, generator: generator);

        var code = encoder.Code(z);

        Assert.IsTrue(code.allclose(isLabel ? z : zeros(4, 8), rtol: 0, atol: 0));
    }

    // Noise that the network cannot read yet must not drown the image; where z itself is added, as in the JAX reference, nothing is won.
    [TestMethod]
    [DataRow(3, true)]
    [DataRow(8, false)]
    public void NoisyLabelEncoder_NewWeights_SayNothingYetUnlessTheLabelIsAdded(int dimension, bool isSilent)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var encoder = new NoisyLabelEncoder(weights.Under("l"), dimension, 8);

        var codes = encoder.Code(randn(2, dimension, generator: generator));

        Assert.AreEqual(isSilent, codes[0].allclose(codes[1], rtol: 0, atol: 0));
    }

    [TestMethod]
    public void NoisyLabelCode_RandomWeights_IsTheFormula()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var encoder = new NoisyLabelEncoder(weights.Under("l"), 8, 8);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value);
        var z = randn(4, 8, generator: generator);

        var code = encoder.Code(z);

        // z + B·relu(A·z + a) + b, as in the JAX reference; sums of 8 products.
        var hidden = (z.mm(byName["l.first.weight"].t()) + byName["l.first.bias"]).relu();
        Assert.IsTrue(code.allclose(z + hidden.mm(byName["l.second.weight"].t()) + byName["l.second.bias"], rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void TimeCode_RandomWeights_IsTheFormula()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var encoder = new TimeEncoder(weights.Under("t"), 8);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value.to(ScalarType.Float64));
        var time = tensor(new[] { 0f, 0.3f, 1f }).unsqueeze(1);

        var code = encoder.Code(time);

        // sin and cos of 2π·t·f for 32 frequencies, Linear, SiLU(x) = x·sigmoid(x), Linear, as in the JAX reference.
        var angles = 2 * Math.PI * time.to(ScalarType.Float64) * byName["t.frequencies"];
        var x = cat([angles.sin(), angles.cos()], 1).mm(byName["t.first.weight"].t()) + byName["t.first.bias"];
        var expected = (x * x.sigmoid()).mm(byName["t.second.weight"].t()) + byName["t.second.bias"];
        // Angles up to 20 in single precision are right to 2e-6; sums of 64 such.
        Assert.IsTrue(code.to(ScalarType.Float64).allclose(expected, rtol: 0, atol: 1e-5));
    }

    private static void Zero(Weights weights, string prefix)
    {
        using var mode = no_grad();
        foreach (var (_, value) in weights.Values.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            value.zero_();
        }
    }
}
