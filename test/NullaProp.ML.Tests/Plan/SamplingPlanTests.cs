using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;
using NullaProp.ML.Tests.Networks;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class SamplingPlanTests
{
    public static IEnumerable<object[]> Solvers => Enum.GetValues<OdeSolver>().Select(solver => new object[] { solver });

    [TestMethod]
    [DynamicData(nameof(Solvers))]
    public void Offsets_AnySolver_AreTheStatesOfAWayWithoutPredictions(OdeSolver solver)
    {
        var plan = new PlanCompiler(new SimplifiedFlow(), new LinearNoiseSchedule(-2.5, 2.5).Levels, classes: 10)
            .Compile(new Sampling { Solver = solver, SolverSteps = 5, ScoreReadout = ScoreReadout.LastPrediction }, LastEvaluation.AtLabel);
        var states = new List<double>();

        var offsets = plan.Offsets(new HostTensor([1, 1], [1]), rows: null).Select(offset => offset.Single()).ToList();

        PlanExecution.End(plan.Stages, [1], (z, _) =>
        {
            states.Add(z[0]);
            return [0];
        });
        Assert.HasCount(states.Count + 1, offsets); // one more for the state after the last stage
        foreach (var (state, offset) in states.Zip(offsets))
        {
            Assert.AreEqual(state, offset, 1e-12);
        }
    }

    // No velocity leads out of the span of two rows, which are orthogonal to (1, 2, 2)/3. What was trained on has (1−t)·z₀ + σ·ε there.
    [TestMethod]
    [DataRow(VelocityForm.Raw, OdeSolver.Euler, 0.0)]
    [DataRow(VelocityForm.Raw, OdeSolver.Heun, 0.5)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.Heun, 0.0)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.ExponentialEuler, 0.5)]
    public void Offsets_MoreDimensionsThanClasses_HaveTheDeviationOfTrainingOutsideTheSpan(
        VelocityForm form, OdeSolver solver, double noise)
    {
        var options = new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = form, PathNoise = noise },
            Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 3 },
            Sampling = new() { Solver = solver, SolverSteps = 3, Draws = 1 },
        };
        using var model = TinyModel.Create(options, classes: 2);
        var plan = PlanCompiler.For(model, options);
        double[] start = [0.3, -1.2, 0.7];
        var along = (start[0] + (2 * start[1]) + (2 * start[2])) / 9; // ⟨n, z₀⟩·n = along·(1, 2, 2)
        double[] outside = [along, 2 * along, 2 * along];

        var offsets = plan.Offsets(new HostTensor([1, 3], [0.3f, -1.2f, 0.7f]), rows: new HostTensor([2, 3], [2, -1, 0, 0, 1, -1]));

        List<(double[] Inside, double Time)> points = [];
        var last = PlanExecution.End(plan.Stages, [.. start.Zip(outside, (z, rest) => z - rest)], (z, time) =>
        {
            points.Add((z, time));
            return [0, 0, 0];
        });
        foreach (var ((inside, time), offset) in points.Append((last, 1)).Zip(offsets))
        {
            var deviation = Math.Sqrt(Math.Pow(1 - time, 2) + (noise * noise));
            for (var d = 0; d < 3; d++)
            {
                Assert.AreEqual(inside[d] + (deviation * outside[d]), offset[d], 1e-6); // the start is in single precision
            }
        }

        Assert.HasCount(points.Count + 1, offsets);
    }

    [TestMethod]
    public void Excess_ManyDrawsOfSeveralStages_CountsEach()
    {
        var plan = new SamplingPlan([.. Enumerable.Repeat(new SamplingStage { Time = 0, State = 1, EndsStep = true }, 1_001)]);

        Assert.IsNull(plan.Excess(draws: 999, dimension: 1, classes: 2, hiddenSize: 1));
        Assert.Contains("evaluations of the network", plan.Excess(draws: 1_000, dimension: 1, classes: 2, hiddenSize: 1)!);
    }

    // 10¹¹ are allowed: H·(D + K + H + 128) + 128·K = 10⁵·(799,744 + 10⁵ + 10⁵ + 128) + 128·10⁵ of one evaluation. A
    // start at the mean, without draws, is one as well.
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public void Excess_Multiplications_AreRefusedAboveTheBoundAndNotAtIt(int draws)
    {
        var plan = SamplingPlan.SingleEvaluation;

        Assert.IsNull(plan.Excess(draws, dimension: 799_744, classes: 100_000, hiddenSize: 100_000));
        Assert.AreEqual(
            "To score one row takes 100,000,100,000 multiplications, but at most 100,000,000,000 are allowed: lower Draws or SolverSteps.",
            plan.Excess(draws, dimension: 799_745, classes: 100_000, hiddenSize: 100_000));
    }

    // 2²⁸ are allowed: 2·H = 2¹⁰ of each of 2¹⁸ evaluations.
    [TestMethod]
    public void Excess_NumbersOfTheWay_AreRefusedAboveTheBoundAndNotAtIt()
    {
        var plan = new SamplingPlan([.. Enumerable.Repeat(new SamplingStage { Time = 0, State = 1, EndsStep = true }, 256)]);

        Assert.IsNull(plan.Excess(draws: 1_024, dimension: 1, classes: 2, hiddenSize: 512));
        Assert.AreEqual(
            "To score one row takes 268,697,600 numbers that are the same for every row, but at most 268,435,456 are allowed: lower Draws "
                + "or SolverSteps.",
            plan.Excess(draws: 1_025, dimension: 1, classes: 2, hiddenSize: 512));
    }

    // 2²⁸ are allowed: of 512 draws, the start and one noise on the way, 2¹⁸ numbers each. A part of a longer way stores those of all.
    [TestMethod]
    public void Excess_StoredNumbers_AreRefusedAboveTheBoundAndNotAtIt()
    {
        var noisy = new SamplingPlan([new() { Time = 0, Noise = 1, EndsStep = true }]);
        var quiet = SamplingPlan.SingleEvaluation;
        const string sentence =
            "To score one row takes 268,436,480 stored random numbers, but at most 268,435,456 are allowed: lower Draws or SolverSteps.";

        Assert.IsNull(noisy.Excess(draws: 512, dimension: 1 << 18, classes: 2, hiddenSize: 1));
        Assert.AreEqual(sentence, noisy.Excess(draws: 512, dimension: (1 << 18) + 1, classes: 2, hiddenSize: 1));
        Assert.IsNull(quiet.Excess(draws: 1_024, dimension: 1 << 18, classes: 2, hiddenSize: 1));
        Assert.AreEqual(sentence, quiet.Excess(draws: 1_024, dimension: (1 << 18) + 1, classes: 2, hiddenSize: 1));
        Assert.AreEqual(
            sentence,
            (quiet with { StoredNoises = 1 }).Excess(draws: 512, dimension: (1 << 18) + 1, classes: 2, hiddenSize: 1));
    }

    [TestMethod]
    public void SingleEvaluation_OfAnyModel_IsAtPureNoise()
    {
        var stage = SamplingPlan.SingleEvaluation.Stages.Single();

        Assert.AreEqual((0.0, 1.0), (stage.Time, stage.ScoreShare));
    }
}
