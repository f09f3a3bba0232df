using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

/// <summary>Image networks that compute in bfloat16 while they are trained, whose weights do not.</summary>
[TestClass]
public sealed class BackbonePrecisionTests
{
    private static readonly ImageShape Shape = new(3, 16, 16);

    [TestMethod]
    [DataRow(NoPropBackbone.SmallConv)]
    [DataRow(NoPropBackbone.PaperConv)]
    [DataRow(NoPropBackbone.ResNet18)]
    [DataRow(NoPropBackbone.Mlp)]
    public void Features_InBFloat16_AreThoseOfSinglePrecisionRounded(NoPropBackbone kind)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = BackboneFactory.Create(weights.Under("backbone"), new NoPropOptions { Backbone = kind }, Shape);
        var images = randn([8, 3, 16, 16], generator: new Generator(2));

        var single = Features(ScalarType.Float32);
        var rounded = Features(ScalarType.BFloat16);

        Assert.AreEqual(ScalarType.Float32, rounded.dtype);
        Assert.IsFalse(rounded.equal(single).all().item<bool>(), "It was not computed in bfloat16.");
        // bfloat16 rounds by 2⁻⁹ at most, at 3 (Mlp) to 19 (ResNet-18) layers one after the other.
        Assert.IsLessThan(0.05, ((rounded - single).norm() / single.norm()).item<float>());

        // The same dropout in both.
        Tensor Features(ScalarType precision) => backbone.Features(images, TinyModel.Training(3, precision));
    }

    // Else oneDNN's threads wait in a busy loop. A grey image has a kernel of its own, in which they do not.
    [TestMethod]
    [DataRow(1, false)]
    [DataRow(3, true)]
    [DataRow(4, true)]
    [DataRow(16, false)]
    public void Forward_ConvolutionOfFewChannelsInBFloat16_ComputesInSinglePrecision(int channels, bool isPrecise)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var layer = new Convolution(weights.Under("layer"), channels, 8);
        var images = randn([8, channels, 16, 16], generator: new Generator(2)).to(ScalarType.BFloat16);

        var found = layer.Forward(images);

        var roundedOnce = layer.Forward(images.to(ScalarType.Float32)).to(ScalarType.BFloat16);
        Assert.AreEqual(ScalarType.BFloat16, found.dtype);
        Assert.AreEqual(isPrecise, found.equal(roundedOnce).all().item<bool>());
    }

    [TestMethod]
    [DataRow(NoPropBackbone.SmallConv)]
    [DataRow(NoPropBackbone.PaperConv)]
    public void Backward_InBFloat16_LeavesGradientsOfSinglePrecision(NoPropBackbone kind)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = BackboneFactory.Create(weights.Under("backbone"), new NoPropOptions { Backbone = kind }, Shape);
        var images = randn([8, 3, 16, 16], generator: new Generator(2));
        Tensor[] trained = [.. weights.Trained.Select(weight => weight.Value)];

        var single = Gradients(ScalarType.Float32);
        var rounded = Gradients(ScalarType.BFloat16);

        Assert.IsTrue(rounded.All(gradient => gradient.dtype == ScalarType.Float32));
        var cosine = nn.functional.cosine_similarity(Joined(single), Joined(rounded), 0).item<float>();
        // Errors of 2⁻⁹ a value, which ReLUs and max-pools near a tie make larger, turn the gradient by some degrees at most: cos 8° =
        // 0.99.
        Assert.IsGreaterThan(0.99f, cosine);

        Tensor[] Gradients(ScalarType precision) =>
            [.. autograd.grad([backbone.Features(images, TinyModel.Training(3, precision)).square().mean()], trained)];

        static Tensor Joined(Tensor[] parts) => cat([.. parts.Select(part => part.flatten())]);
    }
}
