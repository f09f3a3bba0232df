using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class FusionHeadTests
{
    private const int Hidden = 6;
    private const int Classes = 4;

    [TestMethod]
    public void Shares_OfTheThreeParts_AddUpToTheLayerOnTheirConcatenation()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var head = new FusionHead(weights.Under("h"), Hidden, Classes, parts: 3);
        var (image, label, time) = (Part(), Part(), Part());

        var sum = head.ImageShare(image) + head.LabelShare(label) + head.TimeShare(time);

        var whole = nn.functional.linear(cat([image, label, time], 1), Weight("h.join.weight"), Weight("h.join.bias"));
        // 18 products near 0.1, summed in another order.
        Assert.IsTrue(sum.allclose(whole, rtol: 0, atol: 1e-6));

        Tensor Part() => randn(5, Hidden, generator: generator);
        Tensor Weight(string name) => weights.Values.Single(pair => pair.Key == name).Value;
    }

    [TestMethod]
    public void Logits_KnownSum_AreTheReferencesLayersInDoublePrecision()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var head = new FusionHead(weights.Under("h"), Hidden, Classes, parts: 3);
        var joined = randn(5, Hidden, generator: generator);

        var logits = head.Logits(joined);

        var x = Normalized(joined.to(ScalarType.Float64), "h.join_norm").relu();
        x = Normalized(Linear(x, "h.narrow"), "h.narrow_norm").relu();
        // Single precision after two normalisations.
        Assert.IsTrue(logits.to(ScalarType.Float64).allclose(Linear(x, "h.output"), rtol: 0, atol: 1e-5));

        Tensor Weight(string name) => weights.Values.Single(pair => pair.Key == name).Value.to(ScalarType.Float64);
        Tensor Linear(Tensor input, string layer) => input.mm(Weight(layer + ".weight").t()) + Weight(layer + ".bias");

        // (x − mean)/√(variance + 1e-5), the constant of PyTorch's layer.
        Tensor Normalized(Tensor input, string layer)
        {
            var centred = input - input.mean([1], keepdim: true);
            return (centred / (centred.square().mean([1], keepdim: true) + 1e-5).sqrt() * Weight(layer + ".weight"))
                + Weight(layer + ".bias");
        }
    }

    [TestMethod]
    public void Columns_OfImageAndLabel_AreTheSharesMatrices()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var head = new FusionHead(weights.Under("h"), Hidden, Classes, parts: 3);
        var code = randn(5, Hidden, generator: generator);

        Assert.IsTrue(head.ImageShare(code).allclose(code.mm(head.HostJoin().ImageColumns().ToTensor().t()), rtol: 0, atol: 1e-6));
        Assert.IsTrue(head.LabelShare(code).allclose(code.mm(head.HostJoin().LabelColumns().ToTensor().t()), rtol: 0, atol: 1e-6));
    }
}
