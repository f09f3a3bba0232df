using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class BatchNormTests
{
    [TestMethod]
    public void Forward_InTraining_NormalisesByTheBatchAndMovesTheAverages()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var norm = new BatchNorm(weights.Under("n"), 2);
        var x = tensor(new float[] { 1, 10, 2, 10, 6, 40 }).view(3, 2); // means 3 and 20, sums of squares 14 and 600

        var y = norm.Forward(x, TinyModel.Training());

        // Variances 14/3 and 200 in the batch; 7 and 300 unbiased, of which a tenth joins nine tenths of the first value 1.
        AssertValues([-0.92582f, -0.70711f, -0.46291f, -0.70711f, 1.38873f, 1.41421f], y, 1e-4f);
        AssertValues([0.3f, 2f], Named(weights, "n.running_mean"), 1e-6f);
        AssertValues([1.6f, 30.9f], Named(weights, "n.running_var"), 1e-5f);
    }

    [TestMethod]
    public void Behind_LinearLayer_IsBothAtOnce()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        using var mode = no_grad();
        var (linear, norm) = (new Linear(weights.Under("l"), 3, 5), new BatchNorm(weights.Under("n"), 5));
        foreach (var (_, value) in weights.Values)
        {
            value.copy_(rand(value.shape, generator: generator) + 0.5);
        }

        var (x, both) = (rand([4, 3], generator: generator), norm.Behind(linear.Host()));

        var actual = nn.functional.linear(x, both.Weight.ToTensor(), both.Bias.ToTensor());
        Assert.IsTrue(actual.allclose(norm.Forward(linear.Forward(x), training: null), rtol: 1e-5, atol: 1e-5));
    }

    [TestMethod]
    public void Forward_InScoring_UsesTheAveragesAndLeavesThem()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var norm = new BatchNorm(weights.Under("n"), 1);
        using (no_grad())
        {
            Named(weights, "n.running_mean").fill_(3);
            Named(weights, "n.running_var").fill_(4);
            Named(weights, "n.weight").fill_(10);
            Named(weights, "n.bias").fill_(1);
        }

        var y = norm.Forward(tensor(new float[] { 3, 5 }).view(2, 1), training: null);

        AssertValues([1f, 11f], y, 1e-4f);
        AssertValues([3f], Named(weights, "n.running_mean"), 0);
    }

    [TestMethod]
    public void Forward_OneRowInTraining_IsNormalisedAsInScoring()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var norm = new BatchNorm(weights.Under("n"), 2);
        var x = tensor(new float[] { 5, -7 }).view(1, 2);

        var y = norm.Forward(x, TinyModel.Training());

        AssertValues([5f, -7f], y, 1e-3f); // mean 0 and variance 1 at the start
    }

    private static Tensor Named(Weights weights, string name) => weights.Values.Single(weight => weight.Key == name).Value;

    private static void AssertValues(float[] expected, Tensor actual, float delta)
    {
        var values = actual.contiguous().data<float>().ToArray();
        Assert.HasCount(expected.Length, values);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], values[i], delta, $"value {i}");
        }
    }
}
