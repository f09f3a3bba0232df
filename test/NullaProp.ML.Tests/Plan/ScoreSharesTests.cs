using NullaProp.ML.Plan;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class ScoreSharesTests
{
    // Four stages at log-SNR −7, −3, −1, 2; '+' where an evaluation counts.
    [TestMethod]
    [DataRow(ScoreReadout.PathMean, nameof(LastEvaluation.OfLastStep), "++++", 0.0)]
    [DataRow(ScoreReadout.NoisyPathMean, nameof(LastEvaluation.OfLastStep), "+++", 0.0)] // the fourth is not evaluated
    [DataRow(ScoreReadout.NoisyPathMean, nameof(LastEvaluation.AtLabel), "+++", 0.0)]
    [DataRow(ScoreReadout.LastPrediction, nameof(LastEvaluation.OfLastStep), "---+", 0.0)]
    [DataRow(ScoreReadout.LastPrediction, nameof(LastEvaluation.AtLabel), "----+", 0.0)] // once more, at t = 1
    [DataRow(ScoreReadout.FirstPrediction, nameof(LastEvaluation.OfLastStep), "+", 0.0)]
    [DataRow(ScoreReadout.LastState, nameof(LastEvaluation.OfLastStep), "----", 1.0)]
    public void Assign_Readout_CountsItsStages(ScoreReadout readout, string last, string counted, double stateShare)
    {
        SamplingStage[] stages = [.. Enumerable.Range(0, 4).Select(i => new SamplingStage { Time = i / 4.0, EndsStep = true })];

        var plan = new ScoreShares(new Sampling { ScoreReadout = readout }, Enum.Parse<LastEvaluation>(last)).Assign(
            stages,
            [-7, -3, -1, 2]);

        Assert.AreEqual(counted, string.Concat(plan.Stages.Select(stage => stage.ScoreShare > 0 ? '+' : '-')));
        Assert.AreEqual(stateShare, plan.StateShare);
        Assert.AreEqual(1, plan.StateShare + plan.Stages.Sum(stage => stage.ScoreShare), 1e-12);
    }

    [TestMethod]
    public void Assign_NoLevelLowEnough_CountsTheFirst()
    {
        SamplingStage[] stages = [new() { Time = 0 }, new() { Time = 0.5 }];

        var plan =
            new ScoreShares(
                new Sampling { ScoreReadout = ScoreReadout.NoisyPathMean, ReadoutMaxLogSnr = -10 },
                LastEvaluation.OfLastStep).Assign(stages, [-7, -1]);

        Assert.AreEqual(1, plan.Stages.Single().ScoreShare);
    }
}
