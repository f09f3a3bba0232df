using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class ClassifierLossTests
{
    [TestMethod]
    [DataRow(2)]
    [DataRow(10)]
    public void Backward_ZeroWeights_IsTheLogarithmOfTheClassCount(int classes)
    {
        using var model = TinyModel.WithLogits(new NoPropOptions(), new float[classes]);
        using var batch = TinyModel.Batch(1, 0, 1);

        using var terms = new ClassifierLoss(model).Backward(batch, TinyModel.Training(1));

        // −ln(1/K) in single precision.
        CollectionAssert.AreEqual(new[] { 0f, 0f }, terms.data<float>().Skip(1).ToArray());
        Assert.AreEqual(Math.Log(classes), terms.data<float>()[0], 1e-6);
    }

    [TestMethod]
    public void Backward_RandomWeights_IsTheRecomputedCrossEntropyAtZeroLabelAndTime()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var batch = TinyModel.Batch(1, 0, 1, 2);

        var loss = new ClassifierLoss(model).Backward(batch, TinyModel.Training(1))[0].item<float>();

        var logits = new ReferenceModel(model).Logits(
            batch.Pixels,
            zeros(3, 3, dtype: ScalarType.Float64),
            zeros(3, 1, dtype: ScalarType.Float64));
        // Single precision through some ten layers.
        Assert.AreEqual(ReferenceModel.CrossEntropy(logits, batch.Labels).mean().item<double>(), loss, 1e-5);
        Assert.IsNotNull(TinyModel.Weight(model, "backbone.conv1.weight").grad);
    }
}
