using NullaProp.ML.Plan;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class ScoreSharesTests
{
    // Four stages at log-SNR −7, −3, −1, 2; '+' where an evaluation counts.
    [TestMethod]
    [DataRow(ScoreReadout.PathMean, NoPropVariant.DiscreteTime, "++++", 0.0)]
    [DataRow(ScoreReadout.NoisyPathMean, NoPropVariant.DiscreteTime, "+++", 0.0)] // the fourth is not evaluated
    [DataRow(ScoreReadout.NoisyPathMean, NoPropVariant.ContinuousTime, "+++", 0.0)]
    [DataRow(ScoreReadout.LastPrediction, NoPropVariant.DiscreteTime, "---+", 0.0)]
    [DataRow(ScoreReadout.LastPrediction, NoPropVariant.FlowMatching, "---+", 0.0)]
    [DataRow(ScoreReadout.LastPrediction, NoPropVariant.ContinuousTime, "----+", 0.0)] // once more, at t = 1
    [DataRow(ScoreReadout.FirstPrediction, NoPropVariant.DiscreteTime, "+", 0.0)]
    [DataRow(ScoreReadout.LastState, NoPropVariant.DiscreteTime, "----", 1.0)]
    public void Assign_Readout_CountsItsStages(ScoreReadout readout, NoPropVariant variant, string counted, double stateShare)
    {
        SamplingStage[] stages = [.. Enumerable.Range(0, 4).Select(i => new SamplingStage { Time = i / 4.0, EndsStep = true })];

        var plan = new ScoreShares(new NoPropOptions { Variant = variant, ScoreReadout = readout }).Assign(stages, [-7, -3, -1, 2]);

        Assert.AreEqual(counted, string.Concat(plan.Stages.Select(stage => stage.ScoreShare > 0 ? '+' : '-')));
        Assert.AreEqual(stateShare, plan.StateShare);
        Assert.AreEqual(1, plan.StateShare + plan.Stages.Sum(stage => stage.ScoreShare), 1e-12);
    }

    [TestMethod]
    public void Assign_NoLevelLowEnough_CountsTheFirst()
    {
        SamplingStage[] stages = [new() { Time = 0 }, new() { Time = 0.5 }];

        var plan = new ScoreShares(new NoPropOptions { ScoreReadout = ScoreReadout.NoisyPathMean, ReadoutMaxLogSnr = -10 }).Assign(stages, [-7, -1]);

        Assert.AreEqual(1, plan.Stages.Single().ScoreShare);
    }
}
