using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class LabelReadoutTests
{
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.OneHot, ReadoutLoss.NoisyLabel, typeof(GaussianReadout))]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.Learned, ReadoutLoss.NoisyLabel, typeof(GaussianReadout))]
    [DataRow(VariantKind.ContinuousTime, EmbeddingKind.Learned, ReadoutLoss.Linear, typeof(LinearReadout))]
    // closed form: nothing to train
    [DataRow(VariantKind.DiscreteTime, EmbeddingKind.OneHot, ReadoutLoss.NoisyLabel, typeof(GaussianReadout))]
    [DataRow(VariantKind.DiscreteTime, EmbeddingKind.LearnedUnitNorm, ReadoutLoss.NoisyLabel, typeof(LinearReadout))]
    [DataRow(VariantKind.FlowMatching, EmbeddingKind.OneHot, ReadoutLoss.NoisyLabel, typeof(ProportionReadout))] // nothing to train
    [DataRow(VariantKind.FlowMatching, EmbeddingKind.OneHot, ReadoutLoss.Linear, typeof(ProportionReadout))]
    [DataRow(VariantKind.FlowMatching, EmbeddingKind.LearnedUnitNorm, ReadoutLoss.NoisyLabel, typeof(NearestReadout))]
    [DataRow(VariantKind.FlowMatching, EmbeddingKind.Learned, ReadoutLoss.Linear, typeof(LinearReadout))]
    public void Create_VariantAndEmbedding_AreReadAsThePaperOrTheClosedFormSays(
        VariantKind variant,
        EmbeddingKind embedding,
        ReadoutLoss readout,
        Type expected)
    {
        using var model =
            TinyModel.Create(new NoPropOptions
            {
                Variant = variant.Create(
                    new ContinuousTime { ReadoutLoss = readout },
                    new DiscreteTime { BlockCount = 2 },
                    new FlowMatching { ReadoutLoss = readout }),
                Embedding = new() { Kind = embedding },
            });

        Assert.IsInstanceOfType(model.Readout, expected);
    }

    // Bayes' rule by hand for two classes of embeddings 2 and −1 at ᾱ = 0.8: densities of N(√0.8·u, 0.2) at z = 0.5.
    [TestMethod]
    public void Logits_Gaussian_AreThePosteriorOfGaussianClasses()
    {
        using var scope = NewDisposeScope();
        var level = new NoiseLevels(full(1, 1, MathF.Log(4)), ones(1, 1));
        var embedding = tensor(new[] { 2f, -1f }).unsqueeze(1); // (2, 1)

        var logits = new GaussianReadout().Logits(full(1, 1, 0.5f), new LearnedVectors(embedding), level);

        static double LogDensity(double u) => -Math.Pow(0.5 - (Math.Sqrt(0.8) * u), 2) / (2 * 0.2);
        Assert.AreEqual(LogDensity(2) - LogDensity(-1), (logits[0, 0] - logits[0, 1]).item<float>(), 1e-5);
    }

    // β = 8 at the start: the log-odds of two embeddings are 4 times the difference of squared distances.
    [TestMethod]
    public void Logits_Nearest_FallWithTheSquaredDistance()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var embedding = tensor(new[] { 1f, 0f, 0f, 2f }).view(2, 2);

        var logits = new NearestReadout(weights.Under("readout")).Logits(
            tensor(new[] { 0.5f, 0.5f }).unsqueeze(0),
            new LearnedVectors(embedding),
            new NoiseLevels(zeros(1, 1), ones(1, 1)));

        // Squared distances 0.5 and 2.5.
        Assert.AreEqual(4 * (2.5 - 0.5), (logits[0, 0] - logits[0, 1]).item<float>(), 1e-5);
    }

    // A softmax of logits that are logarithms is what the link makes: 0.9, 0.3 and 0.01/3 over their sum.
    [TestMethod]
    public void Logits_Proportion_AreTheLogarithmsOfWhatTheLinkMakes()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[] { 0.9f, 0.3f, -0.2f }).unsqueeze(0);

        var shares = nn.functional.softmax(
            new ProportionReadout(3).Logits(z, new LearnedVectors(eye(3)), new NoiseLevels(zeros(1, 1), ones(1, 1))), 1);

        double[] expected = [0.9, 0.3, 0.01 / 3];
        foreach (var (k, share) in expected.Index())
        {
            Assert.AreEqual(share / expected.Sum(), shares[0, k].item<float>(), 1e-6);
        }
    }
}
