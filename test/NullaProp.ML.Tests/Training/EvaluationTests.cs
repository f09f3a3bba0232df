using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class EvaluationTests
{
    [TestMethod]
    public void Of_KnownProbabilities_IsAccuracyAndLogLossByHand()
    {
        using var scope = NewDisposeScope();
        var images = Images(0, 1, 2, 1);
        var scores = tensor(new[] { 0.5f, 0.3f, 0.2f, 0.6f, 0.3f, 0.1f, 0.1f, 0.1f, 0.8f, 0.0f, 1.0f, 0.0f }).view(4, 3);

        var evaluation = Evaluation.Of(_ => scores.alias(), images, [0, 1, 2, 3]);

        // Right: rows 0, 2 and 3. −ln of 0.5, 0.3, 0.8, 1, in single precision.
        Assert.AreEqual(0.75, evaluation.Accuracy);
        Assert.AreEqual(-(Math.Log(0.5) + Math.Log(0.3) + Math.Log(0.8)) / 4, evaluation.LogLoss, 1e-7);
    }

    [TestMethod]
    public void Of_LabelOfProbabilityZero_CountsAsTheSmallestProbability()
    {
        using var scope = NewDisposeScope();
        var scores = tensor(new[] { 0f, 1f }).view(1, 2);

        var evaluation = Evaluation.Of(_ => scores.alias(), Images(0), [0]);

        // ML.NET's evaluator cuts p at 1e-15: −ln 1e-15 = 34.5388.
        Assert.AreEqual(34.5388, evaluation.LogLoss, 5e-5);
        Assert.AreEqual(0, evaluation.Accuracy);
    }

    [TestMethod]
    public void Of_MoreRowsThanABatch_CountsEachOnce()
    {
        using var scope = NewDisposeScope();
        var images = Images([.. Enumerable.Range(0, 600).Select(i => i % 3)]);
        var batches = new List<long>();

        // The first pixel of an image is its class: a scorer that is right where the class is 0 or 1.
        var evaluation = Evaluation.Of(
            pixels =>
            {
                batches.Add(pixels.shape[0]);
                var first = pixels.flatten(1).select(1, 0).to(ScalarType.Int64);
                return nn.functional.one_hot(first.remainder(2), 3).to(ScalarType.Float32);
            },
            images,
            images.EvenRows(int.MaxValue));

        Assert.AreEqual(400.0 / 600, evaluation.Accuracy, 1e-12);
        Assert.AreEqual(600, batches.Sum());
        Assert.IsGreaterThan(1, batches.Count);
    }

    [TestMethod]
    public void Of_SomeRows_ScoresOnlyThose()
    {
        using var scope = NewDisposeScope();
        var scores = tensor(new[] { 0.9f, 0.1f }).view(1, 2);

        var evaluation = Evaluation.Of(pixels => scores.expand(pixels.shape[0], 2), Images(0, 1, 0), [0, 2]);

        Assert.AreEqual(1, evaluation.Accuracy);
    }

    private static ImageStore Images(params int[] labels)
    {
        var store = new ImageStore(new ImageShape(1, 8, 8));
        foreach (var label in labels)
        {
            var pixels = new float[64];
            pixels[0] = label;
            store.Add(pixels, label);
        }

        return store;
    }
}
