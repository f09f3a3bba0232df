using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// What flow matching's score is worth with the network that its loss is least for. No score has a lower log-loss than p(y|x) itself,
/// whose log-loss is its entropy.
/// </summary>
[TestClass]
public sealed class FlowMatchingScoreTests
{
    private static readonly double[][] Images = [[0.5, 0.3, 0.2], [0.9, 0.06, 0.04], [0.34, 0.33, 0.33], [0.02, 0.08, 0.9]];

    // Every evaluation is p(y|x) in the mean over draws, by the law of total expectation; a mean over 400 draws of a one-hot label misses
    // it by (K−1)/(2·400) = 0.0025 nats. The single evaluation needs no draws.
    [TestMethod]
    [DataRow(VelocityForm.Raw, ScoreReadout.FirstPrediction, OdeSolver.Euler, 1, 0, 1e-6)]
    [DataRow(VelocityForm.Raw, ScoreReadout.LastState, OdeSolver.Euler, 1, 0, 1e-6)] // one step ends at its evaluation's z̃₁
    [DataRow(VelocityForm.Raw, ScoreReadout.PathMean, OdeSolver.Heun, 20, 400, 0.01)]
    [DataRow(VelocityForm.Raw, ScoreReadout.LastState, OdeSolver.Euler, 40, 400, 0.01)]
    [DataRow(VelocityForm.Raw, ScoreReadout.LastPrediction, OdeSolver.Multistep, 40, 400, 0.01)]
    [DataRow(VelocityForm.Preconditioned, ScoreReadout.FirstPrediction, OdeSolver.Euler, 1, 0, 1e-6)]
    [DataRow(VelocityForm.Preconditioned, ScoreReadout.PathMean, OdeSolver.Heun, 20, 400, 0.01)]
    [DataRow(VelocityForm.Preconditioned, ScoreReadout.LastState, OdeSolver.ExponentialEuler, 40, 400, 0.01)]
    [DataRow(VelocityForm.Preconditioned, ScoreReadout.LastPrediction, OdeSolver.Multistep, 40, 400, 0.01)]
    public void Score_IdealNetwork_HasTheLogLossOfTheEntropy(
        VelocityForm form, ScoreReadout readout, OdeSolver solver, int steps, int draws, double gap)
    {
        var sampling = new Sampling { ScoreReadout = readout, Solver = solver, SolverSteps = steps, Draws = draws };

        var (logLoss, entropy) = Score(form, sampling);

        Assert.IsGreaterThanOrEqualTo(entropy - 1e-12, logLoss);
        Assert.IsLessThan(entropy + gap, logLoss);
    }

    // The default starts once, at the mean: what it adds on the way costs little.
    [TestMethod]
    [DataRow(VelocityForm.Raw)]
    [DataRow(VelocityForm.Preconditioned)]
    public void Score_IdealNetworkByTheDefault_StaysNearTheEntropy(VelocityForm form)
    {
        var (logLoss, entropy) = Score(form, new Sampling());

        Assert.IsInRange(entropy, entropy + 0.05, logLoss);
    }

    // At t = 0 the clean label that a network stands for is its output, in units of s = √⅓ where it is preconditioned: 0.9, 0.3 and −0.2,
    // of which the last is cut at 0.01/3.
    [TestMethod]
    [DataRow(VelocityForm.Raw, 0)]
    [DataRow(VelocityForm.Preconditioned, 2)]
    public void Probabilities_NetworkOfOneAnswer_AreItsProportionsInBothBackends(VelocityForm form, int draws)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = form },
            Sampling = new() { ScoreReadout = ScoreReadout.FirstPrediction, Draws = draws },
        };
        var unit = form == VelocityForm.Raw ? 1 : MathF.Sqrt(3);
        using var model = TinyModel.WithLogits(options, 0.9f * unit, 0.3f * unit, -0.2f * unit);
        using var batch = new TorchRunner(model, PlanCompiler.For(model, options), PriorDraws.Of(draws, 3, new RandomStreams(5)));
        var rows = new ManagedRunner(batch.Folded, TinyModel.Shape, Environment.ProcessorCount);

        var together = batch.Probabilities(ones(1, 1, 8, 8)).data<float>().ToArray();
        var alone = new float[3];
        rows.Probabilities([.. Enumerable.Repeat(1f, 64)], alone);

        double[] expected = [0.9, 0.3, 0.01 / 3];
        foreach (var (k, share) in expected.Index())
        {
            Assert.AreEqual(share / expected.Sum(), together[k], 1e-6);
            Assert.AreEqual(share / expected.Sum(), alone[k], 1e-6);
        }
    }

    // In the mean over the images, each of whose labels come as often as p(y|x) says.
    private static (double LogLoss, double Entropy) Score(VelocityForm form, Sampling sampling)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions { Variant = new FlowMatching { VelocityForm = form }, Sampling = sampling };
        using var model = TinyModel.Create(options);
        var starts = PriorDraws.Of(sampling.Draws, 3, new RandomStreams(5));
        var folded = new FoldedModel(model, PlanCompiler.For(model, options), starts);
        var scores = Images.Select(image =>
        {
            var row = new IdealFlowRow(folded, starts, form, image);
            new PlanInterpreter(folded.Plan, folded.Paths.Count).Run(row);
            return row.Scores;
        });
        return (
            Images.Zip(scores, (image, score) => image.Zip(score, (p, q) => -p * Math.Log(q)).Sum()).Average(),
            Images.Average(image => image.Sum(p => -p * Math.Log(p))));
    }
}
