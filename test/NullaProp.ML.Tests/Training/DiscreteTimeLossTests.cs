using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class DiscreteTimeLossTests
{
    private const int Seed = 23;
    private static readonly long[] Labels = [0, 1, 2, 1, 0];

    // log-SNR of the labels that four blocks read, from −7 to −1.
    private static readonly double[] Levels = [-7, -5, -3, -1];
    private static readonly NoPropOptions Options = new()
    {
        Variant = new DiscreteTime { BlockCount = 4, BlockMaxLogSnr = -1, LogSnrAtLabel = 5, DenoisingLoss = DenoisingLoss.SquaredError },
    };

    [TestMethod]
    [DataRow(0, 3)]
    [DataRow(2, 3)]
    [DataRow(3, 3)]
    [DataRow(2, 20)] // a label is longer than its code of 8 values and is read by parts
    public void Backward_OneHot_IsTheDistanceAtTheBlocksOwnLevel(int block, int classes)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(Options, classes);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, Options, block);

        var reference = new ReferenceModel(model, $"block{block + 1}.");
        var epsilon = TinyModel.Training(Seed).Stream("noise").Normal([Labels.Length, classes], ScalarType.Float64);
        var z = LossDraws.AddNoise(reference.Clean(batch.Labels), epsilon, Enumerable.Repeat(Levels[block], Labels.Length));
        var estimate = z * Math.Sqrt(1 / (1 + Math.Exp(-Levels[block]))); // a block reads √ᾱ·z
        var expected = reference.SquaredError(reference.Logits(batch.Pixels, estimate, time: null), batch.Labels).mean().item<double>();
        Assert.AreEqual(1, terms[0] / expected, 1e-4); // single precision through some ten layers
        Assert.AreEqual(0, terms[1]);
        Assert.AreEqual(0, terms[2]);
    }

    [TestMethod]
    public void Backward_OneBlock_LeavesNoGradientInAnother()
    {
        using var model = TinyModel.Create(Options);

        Backward(model, Options, block: 1);

        foreach (var (name, value) in model.Weights.Trained)
        {
            Assert.AreEqual(name.StartsWith("block2.", StringComparison.Ordinal), value.grad is not null, name);
        }
    }

    // T/2·(SNR(t) − SNR(t−1)), eq. (8): four blocks, from SNR e⁻³ to e⁻¹ and, the last, from e⁻¹ to e⁵; min(·, 5) cuts 4·(e⁵ − e⁻¹).
    [TestMethod]
    [DataRow(LossWeighting.Uniform, 2, 1.0)]
    [DataRow(LossWeighting.SnrDerivative, 2, 0.6361847)]
    [DataRow(LossWeighting.SnrDerivative, 3, 296.0905594)]
    [DataRow(LossWeighting.MinSnr, 2, 0.6361847)]
    [DataRow(LossWeighting.MinSnr, 3, 2.5)]
    public void Backward_Weighting_MultipliesTheDistance(LossWeighting weighting, int block, double factor)
    {
        using var model = TinyModel.Create(Options);
        var plain = Backward(model, Options, block)[0];

        var weighted =
            Backward(
                model,
                Options with { Variant = ((DiscreteTime)Options.Variant) with { LossWeighting = weighting, DenoisingFactor = 0.1 } },
                block)[0];

        Assert.AreEqual(0.1 * factor, weighted / plain, 1e-5 * factor); // single precision
    }

    [TestMethod]
    public void Backward_LearnedEmbeddings_TrainEmbeddingAndLinearReadOutFromTheNoisyLabelAlone()
    {
        var options = Options with { Embedding = Options.Embedding with { Kind = EmbeddingKind.Learned } };
        using var model = TinyModel.Create(options);

        using var scope = NewDisposeScope();
        TinyModel.Set(model, "readout.weight", [.. Enumerable.Range(0, 24).Select(i => MathF.Cos(i))]); // (3, 8)
        TinyModel.Set(model, "readout.bias", 0.3f, -0.2f, 0.1f);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, options, block: 0);

        var clean = new ReferenceModel(model, "block1.").Clean(batch.Labels); // (B, 8)
        var alphaBar = 1 / (1 + Math.Exp(7));
        var norm = clean.square().sum(1).mean().item<double>();
        Assert.AreEqual(0.5 * ((alphaBar * norm) - (8 * alphaBar) - (8 * Math.Log(1 - alphaBar))), terms[1], 1e-5);
        var noise = TinyModel.Training(Seed).Stream("readout").Normal([Labels.Length, 8], ScalarType.Float64);
        var z = LossDraws.AddNoise(clean, noise, Enumerable.Repeat(5.0, Labels.Length));
        var logits = LossDraws.LinearLogits(model, z);
        Assert.AreEqual(1, terms[2] / ReferenceModel.CrossEntropy(logits, batch.Labels).mean().item<double>(), 1e-4);
        foreach (var name in new[] { "embedding.rows", "readout.weight", "readout.bias" })
        {
            Assert.IsNotNull(TinyModel.Weight(model, name).grad, name);
        }
    }

    private static double[] Backward(Denoiser model, NoPropOptions options, int block)
    {
        using var batch = TinyModel.Batch(4, Labels);
        using var terms = new DiscreteTimeLoss(model, (DiscreteTime)options.Variant, block).Backward(batch, TinyModel.Training(Seed));
        return [.. terms.data<float>().Select(term => (double)term)];
    }
}
