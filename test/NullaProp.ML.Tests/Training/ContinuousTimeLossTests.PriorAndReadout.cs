using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>The prior term, and the term of the read-out.</summary>
public sealed partial class ContinuousTimeLossTests
{
    // By hand: ½(ᾱ‖u‖² − Dᾱ − D·ln(1−ᾱ)) of ten one-hot classes is 0.0035 at ᾱ = sigmoid(−5) and 0.053 at sigmoid(−2.5).
    [TestMethod]
    [DataRow(-5.0, 0.0035, 5e-5)]
    [DataRow(-2.5, 0.053, 5e-4)]
    public void Prior_ExactKl_IsTheNumberByHand(double logSnrAtNoise, double byHand, double digits)
    {
        var options = Jointly with { Variant = ((ContinuousTime)Jointly.Variant) with { LogSnrAtNoise = logSnrAtNoise } };
        using var model = TinyModel.WithLogits(options, new float[10]);

        var terms = Terms(model, options, 0, 4, 9);

        var alphaBar = 1 / (1 + Math.Exp(-logSnrAtNoise));
        Assert.AreEqual(byHand, terms.Prior, digits);
        // The logarithm of a number near 1 loses digits: 10·1e-7. The end of the schedule is right to 1e-6.
        Assert.AreEqual(0.5 * (alphaBar - (10 * alphaBar) - (10 * Math.Log(1 - alphaBar))), terms.Prior, 2e-6);
    }

    [TestMethod]
    public void Prior_ExactKlOfLearnedEmbeddings_TakesTheirNorm()
    {
        var options = Jointly with { Embedding = Jointly.Embedding with { Kind = EmbeddingKind.Learned, Dimension = 2 } };
        using var model = TinyModel.WithLogits(options, 0, 0);
        TinyModel.Set(model, "embedding.rows", 3, 4, 0, -1);

        var terms = Terms(model, options, 0, 1);

        // ‖u‖² = 25 and 1, D = 2, ᾱ = sigmoid(−3).
        var alphaBar = 1 / (1 + Math.Exp(3));
        Assert.AreEqual(0.5 * ((alphaBar * 13) - (2 * alphaBar) - (2 * Math.Log(1 - alphaBar))), terms.Prior, SingleRounding);
    }

    [TestMethod]
    public void Prior_HalfSquaredNorm_IsTheReferencesNumberByHand()
    {
        var options =
            Linear with
            {
                Variant = ((ContinuousTime)Linear.Variant) with { PriorLoss = PriorLoss.HalfSquaredNorm },
                Embedding = Linear.Embedding with { Kind = EmbeddingKind.Learned, Dimension = 2 },
            };
        using var model = TinyModel.WithLogits(options, 0, 0);
        TinyModel.Set(model, "embedding.rows", 3, 4, 0, -1);

        var terms = Terms(model, options, 0, 1);

        Assert.AreEqual((25 + 1) / 2.0 / 2, terms.Prior, 4 * SingleRounding);
    }

    [TestMethod]
    public void Readout_NoisyLabel_IsBayesRule()
    {
        var options =
            Linear with
            {
                Variant = ((ContinuousTime)Linear.Variant) with { LogSnrAtLabel = 0.5 },
                Embedding = Linear.Embedding with { Kind = EmbeddingKind.Learned, Dimension = 2 },
            };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);
        double[][] rows = [[3, 4], [0, -1], [0.5, 0.25]]; // of unequal length, so that −½·SNR·‖u‖² counts
        TinyModel.Set(model, "embedding.rows", [.. rows.SelectMany(row => row).Select(x => (float)x)]);
        long[] labels = [0, 1, 2, 2];

        var terms = Terms(model, options, labels);

        // p(y|z) ∝ N(z; √ᾱ·u_y, 1−ᾱ) with equal p(y): the densities themselves, no logits.
        using var scope = NewDisposeScope();
        var alphaBar = 1 / (1 + Math.Exp(-0.5));
        var epsilon = new LossDraws(Seed, 4, 2).EndEpsilon;
        var loss = labels.Index().Average(row =>
        {
            double[] z = [.. rows[row.Item].Select(
                (u, d) => (Math.Sqrt(alphaBar) * u) + (Math.Sqrt(1 - alphaBar) * epsilon[row.Index, d].item<double>()))];
            var densities = rows
                .Select(u => Math.Exp(-u.Zip(z, (a, b) => Math.Pow(b - (Math.Sqrt(alphaBar) * a), 2)).Sum() / (2 * (1 - alphaBar))))
                .ToArray();
            return -Math.Log(densities[row.Item] / densities.Sum());
        });
        // Logits up to 40 in single precision.
        Assert.AreEqual(loss, terms.Readout, 1e-5);
    }

    [TestMethod]
    public void Readout_Linear_IsItsLayerByHand()
    {
        var options =
            Linear with
            {
                Variant = ((ContinuousTime)Linear.Variant) with { LogSnrAtLabel = 0.5, ReadoutLoss = ReadoutLoss.Linear },
                Embedding = Linear.Embedding with { Kind = EmbeddingKind.Learned, Dimension = 2 },
            };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);
        using var scope = NewDisposeScope();
        TinyModel.Set(model, "embedding.rows", 3, 4, 0, -1, 0.5f, 0.25f);
        TinyModel.Set(model, "readout.weight", 1, -2, 0.5f, 0.25f, -1, 3);
        TinyModel.Set(model, "readout.bias", 0.3f, -0.2f, 0.1f);
        var labels = tensor(new long[] { 0, 1, 2, 2 });

        var terms = Terms(model, options, 0, 1, 2, 2);

        var clean = new ReferenceModel(model).Clean(labels);
        var z = LossDraws.AddNoise(clean, new LossDraws(Seed, 4, 2).EndEpsilon, Enumerable.Repeat(0.5, 4));
        var loss = ReferenceModel.CrossEntropy(LossDraws.LinearLogits(model, z), labels).mean().item<double>();
        Assert.AreEqual(loss, terms.Readout, 1e-5);
    }

    [TestMethod]
    public void Readout_Denoiser_IsTheNetworksCrossEntropy()
    {
        var options = Linear with { Variant = ((ContinuousTime)Linear.Variant) with { ReadoutLoss = ReadoutLoss.Denoiser } };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);

        var terms = Terms(model, options, 0, 1, 1);

        // Uniform: ln 3.
        Assert.AreEqual(Math.Log(3), terms.Readout, SingleRounding);
    }
}
