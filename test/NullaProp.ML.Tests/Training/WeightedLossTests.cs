using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class WeightedLossTests
{
    private const int Rows = 37; // no multiple of a vector's width

    private static readonly Dictionary<string, NoPropOptions> Losses = new()
    {
        ["default"] = new(),
        ["nullaprop"] = NoPropOptions.JaxReference,
        ["own posterior"] =
            NoPropOptions.JaxReference with
            {
                Variant =
                    ((ContinuousTime)NoPropOptions.JaxReference.Variant) with
                    {
                        PriorLoss = PriorLoss.ExactKl,
                        ReadoutLoss = ReadoutLoss.NoisyLabel,
                    },
            },
        ["cross-entropy of embeddings"] = new()
        {
            Variant = new ContinuousTime { DenoisingLoss = DenoisingLoss.CrossEntropy },
            Embedding = new() { Kind = EmbeddingKind.Learned },
        },
        ["discrete time"] = new() { Variant = new DiscreteTime { BlockCount = 2 }, Embedding = new() { Kind = EmbeddingKind.Learned } },
        ["flow matching"] = new() { Variant = new FlowMatching(), Embedding = new() { Kind = EmbeddingKind.Learned } },
        ["baseline"] = new() { Variant = new CrossEntropyBaseline() },
    };

    [TestMethod]
    public void Mean_Unweighted_IsThePlainMeanToTheBit()
    {
        using var scope = NewDisposeScope();
        var (batch, logits) = Batch();
        var rows = logits.select(1, 0).unsqueeze(1);

        Assert.AreEqual(rows.mean().item<float>(), batch.Mean(rows).item<float>());
        Assert.AreEqual(nn.functional.cross_entropy(logits, batch.Labels).item<float>(), batch.CrossEntropy(logits).item<float>());
    }

    [TestMethod]
    public void Mean_Weighted_IsTheMeanOfProducts()
    {
        using var scope = NewDisposeScope();
        var batch = new ImageBatch(zeros(3, 1, 8, 8), tensor([0L, 1L, 0L]), tensor([0.5f, 2f, 0f]));
        var rows = tensor([4f, 3f, 100f]);

        // (0.5·4 + 2·3 + 0·100) / 3
        Assert.AreEqual(8f / 3, batch.Mean(rows).item<float>(), 1e-6);
        Assert.AreEqual(8f / 3, batch.Mean(rows.unsqueeze(1)).item<float>(), 1e-6);
    }

    [TestMethod]
    public void CrossEntropy_Weighted_IsTheMeanOfProducts()
    {
        using var scope = NewDisposeScope();
        var logits = tensor([0f, 0f, 0f, MathF.Log(3)]).view(2, 2); // (B, K)
        var batch = new ImageBatch(zeros(2, 1, 8, 8), tensor([0L, 1L]), tensor([0.5f, 1.5f]));

        Assert.AreEqual(((0.5 * Math.Log(2)) + (1.5 * Math.Log(4.0 / 3))) / 2, batch.CrossEntropy(logits).item<float>(), 1e-6);
    }

    // Every term is linear in the weights, and so is its gradient: all weight on one row after the other, of the same draws, is on average
    // no weighting.
    [TestMethod]
    [DataRow("default")]
    [DataRow("nullaprop")]
    [DataRow("own posterior")]
    [DataRow("cross-entropy of embeddings")]
    [DataRow("discrete time")]
    [DataRow("flow matching")]
    [DataRow("baseline")]
    public void Backward_AllWeightOnEachRowInTurn_AveragesToThePlainLossAndGradient(string loss)
    {
        using var scope = NewDisposeScope();
        var options = Losses[loss];
        using var model = TinyModel.Create(options);
        using var batch = TinyModel.Batch(1, 0, 1, 2);

        var (terms, gradient) = Backward(model, options, batch);
        var single = Enumerable.Range(0, 3).Select(row => Backward(model, options, batch with { Weights = Only(row) })).ToList();

        AssertMeans(terms, [.. single.Select(one => one.Terms)]);
        AssertMeans(gradient, [.. single.Select(one => one.Gradient)]);
        Assert.AreNotEqual(single[0].Terms[0], single[1].Terms[0]);
    }

    private static void AssertMeans(float[] expected, float[][] parts)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var largest = parts.Max(part => Math.Abs(part[i]));
            Assert.AreEqual(expected[i], parts.Average(part => part[i]), 1e-5 * (1 + largest)); // single precision, summed in another order
        }
    }

    private static Tensor Only(int row) => tensor([.. Enumerable.Range(0, 3).Select(i => i == row ? 3f : 0f)]);

    private static (float[] Terms, float[] Gradient) Backward(NullaProp.ML.Networks.Denoiser model, NoPropOptions options, ImageBatch batch)
    {
        foreach (var (_, weight) in model.Weights.Trained)
        {
            weight.grad?.zero_();
        }

        ITrainingLoss loss = options.Variant switch
        {
            ContinuousTime => new ContinuousTimeLoss(model, (ContinuousTime)options.Variant),
            DiscreteTime => new DiscreteTimeLoss(model, (DiscreteTime)options.Variant, block: 1),
            FlowMatching => new FlowMatchingLoss(model, (FlowMatching)options.Variant),
            _ => new ClassifierLoss(model),
        };
        var terms = loss.Backward(batch, TinyModel.Training(5)).data<float>().ToArray();
        return (terms, [.. model.Weights.Trained.SelectMany(weight => weight.Value.grad?.data<float>().ToArray() ?? [])]);
    }

    private static (ImageBatch Batch, Tensor Logits) Batch()
    {
        using var generator = new Generator(2);
        var labels = randint(0, 3, [Rows], dtype: ScalarType.Int64, generator: generator);
        return (new ImageBatch(zeros(Rows, 1, 8, 8), labels), randn(Rows, 3, generator: generator));
    }
}
