using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class BestWeightsTests
{
    [TestMethod]
    public void Restore_AfterWorseEpochs_BringsTheBestEpochBack()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2).Value;
        using var best = new BestWeights(weights, patience: 3);
        foreach (var (epoch, logLoss) in new[] { 0.9, 0.5, 0.7 }.Index())
        {
            Set(weight, epoch);
            best.Add(logLoss);
        }

        best.Restore();

        CollectionAssert.AreEqual(new[] { 1f, 1f }, weight.data<float>().ToArray());
        Assert.IsTrue(weight.requires_grad);
    }

    [TestMethod]
    public void IsOver_PatienceOfTwo_StopsAfterTheSecondEpochWithoutALowerLoss()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        using var best = new BestWeights(weights, patience: 2);

        var goesOn = new[] { 0.9, 1.0, 0.8, 0.8, 0.9 }.Select(logLoss => GoesOnAfter(best, logLoss)).ToArray();

        // The third epoch is a new low and starts the count again; the fourth only equals it.
        CollectionAssert.AreEqual(new[] { true, true, true, true, false }, goesOn);
    }

    [TestMethod]
    public void IsOver_NotANumber_CountsAsNoImprovement()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        using var best = new BestWeights(weights, patience: 1);

        Assert.IsFalse(GoesOnAfter(best, double.NaN));
    }

    [TestMethod]
    public void Restore_NoEpochYet_ChangesNothing()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(3), 1).Value;
        using var best = new BestWeights(weights, patience: 1);

        best.Restore();

        Assert.AreEqual(3f, weight.item<float>());
    }

    [TestMethod]
    public void Dispose_AfterSeveralCopies_LeavesNoTensor()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        weights.Under("a").Matrix("x", Initializers.Constant(3), 1);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using (var best = new BestWeights(weights, patience: 1))
        {
            best.Add(2);
            best.Add(1);
            best.Restore();
        }

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static bool GoesOnAfter(BestWeights best, double logLoss)
    {
        best.Add(logLoss);
        return !best.IsOver;
    }

    private static void Set(Tensor weight, float value)
    {
        using var mode = no_grad();
        weight.fill_(value);
    }
}
