using CsCheck;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;
using NullaProp.ML.Tests.Networks;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class PlanCompilerTests
{
    private static readonly PlanCompiler Compiler = new(new ProbabilityFlow(), new LinearNoiseSchedule(-7, 5).Levels, classes: 10);

    public static IEnumerable<object[]> SolversAndReadouts =>
        from solver in Enum.GetValues<OdeSolver>()
        from readout in Enum.GetValues<ScoreReadout>()
        select new object[] { solver, readout };

    // The Heun methods evaluate twice a step, the others once; LastPrediction once more at the end, FirstPrediction only once.
    [TestMethod]
    [DataRow(OdeSolver.Euler, ScoreReadout.PathMean, 7, 7)]
    [DataRow(OdeSolver.Euler, ScoreReadout.LastPrediction, 7, 8)]
    [DataRow(OdeSolver.Euler, ScoreReadout.FirstPrediction, 7, 1)]
    [DataRow(OdeSolver.Heun, ScoreReadout.PathMean, 5, 10)]
    [DataRow(OdeSolver.Heun, ScoreReadout.LastPrediction, 40, 81)] // the JAX reference's default: 2·40 + 1
    [DataRow(OdeSolver.Heun, ScoreReadout.FirstPrediction, 40, 1)]
    [DataRow(OdeSolver.ExponentialEuler, ScoreReadout.PathMean, 8, 8)]
    [DataRow(OdeSolver.ExponentialEuler, ScoreReadout.LastPrediction, 1, 2)]
    [DataRow(OdeSolver.ExponentialHeun, ScoreReadout.PathMean, 5, 10)]
    [DataRow(OdeSolver.ExponentialHeun, ScoreReadout.LastPrediction, 4, 9)]
    [DataRow(OdeSolver.Multistep, ScoreReadout.PathMean, 8, 8)]
    [DataRow(OdeSolver.Multistep, ScoreReadout.LastPrediction, 1, 2)]
    public void Compile_SolverAndReadout_GiveThisManyEvaluations(OdeSolver solver, ScoreReadout readout, int steps, int evaluations)
    {
        var plan = Compiler.Compile(new Sampling { Solver = solver, ScoreReadout = readout, SolverSteps = steps }, LastEvaluation.AtLabel);

        Assert.HasCount(evaluations, plan.Stages);
    }

    [TestMethod]
    [DynamicData(nameof(SolversAndReadouts))]
    public void Compile_AnyReadout_SharesAddUpToOne(OdeSolver solver, ScoreReadout readout)
    {
        var plan = Compiler.Compile(new Sampling { Solver = solver, ScoreReadout = readout, SolverSteps = 13 }, LastEvaluation.AtLabel);

        // 26 roundings at most.
        Assert.AreEqual(1, plan.StateShare + plan.Stages.Sum(stage => stage.ScoreShare), 1e-14);
        Assert.IsTrue(plan.Stages.All(stage => stage.ScoreShare >= 0));
    }

    [TestMethod]
    [DynamicData(nameof(SolversAndReadouts))]
    public void Compile_CrossEntropyBaseline_EvaluatesOnceAtPureNoise(OdeSolver solver, ScoreReadout readout)
    {
        var options = new NoPropOptions
        {
            Variant = new CrossEntropyBaseline(),
            Sampling = new() { Solver = solver, ScoreReadout = readout },
        };
        using var model = TinyModel.Create(options);

        var plan = PlanCompiler.For(model, options);

        var stage = plan.Stages.Single();
        Assert.AreEqual(0, stage.Time);
        Assert.AreEqual(1, stage.ScoreShare);
    }

    [TestMethod]
    [DataRow(OdeSolver.Euler)]
    [DataRow(OdeSolver.Heun)]
    [DataRow(OdeSolver.ExponentialEuler)]
    [DataRow(OdeSolver.ExponentialHeun)]
    [DataRow(OdeSolver.Multistep)]
    [DataRow(OdeSolver.Adaptive)]
    public void Compile_LastPrediction_CountsOnlyTheEvaluationAtTheLabel(OdeSolver solver)
    {
        var plan = Compiler.Compile(
            new Sampling { Solver = solver, ScoreReadout = ScoreReadout.LastPrediction, SolverSteps = 4 },
            LastEvaluation.AtLabel);

        Assert.AreEqual(1, plan.Stages[^1].Time);
        Assert.AreEqual(1, plan.Stages[^1].ScoreShare);
        Assert.IsTrue(plan.Stages.SkipLast(1).All(stage => stage.ScoreShare == 0));
    }

    [TestMethod]
    public void Compile_NullapropPreset_EvaluatesHeunFortyStepsAndTheEnd()
    {
        var plan =
            new PlanCompiler(
                Dynamics.Of(NoPropOptions.JaxReference.Sampling.Dynamics),
                new LinearNoiseSchedule(-2.5, 2.5).Levels,
                classes: 10).Compile(NoPropOptions.JaxReference.Sampling, LastEvaluation.AtLabel);

        Assert.HasCount(81, plan.Stages);
        Assert.AreEqual(40, plan.Stages.Count(stage => stage.EndsStep));
    }

    [TestMethod]
    public void Steps_Euler_IsTheFormulaByHand()
    {
        // λ from −7 in steps of 6: h = ½, rate −½·12·ᾱ and ½·12·√ᾱ at λ = −7 and −1.
        var stages = Compiler.Steps(OdeSolver.Euler, 2).ToArray();

        foreach (var (stage, logSnr) in stages.Zip([-7.0, -1]))
        {
            var alphaBar = 1 / (1 + Math.Exp(-logSnr));
            Assert.AreEqual(1 - (3 * alphaBar), stage.State, 1e-14);
            Assert.AreEqual(3 * Math.Sqrt(alphaBar), stage.Prediction, 1e-14);
            Assert.AreEqual(0, stage.PreviousPrediction);
            Assert.IsTrue(stage.EndsStep);
        }
    }

    [TestMethod]
    public void Steps_Heun_IsTheFormulaByHand()
    {
        // One step from λ = −7 to 5, h = 1; z₀, û₀ at the trial point and û₁ enter by the trapezoidal rule.
        var (a0, a1) = (1 / (1 + Math.Exp(7)), 1 / (1 + Math.Exp(-5)));
        var (z0, u0, u1) = (0.3, -0.8, 1.7);
        double Slope(double alphaBar, double z, double u) => 6 * ((Math.Sqrt(alphaBar) * u) - (alphaBar * z));
        var trial = z0 + Slope(a0, z0, u0);
        var end = z0 + ((Slope(a0, z0, u0) + Slope(a1, trial, u1)) / 2);

        var stages = Compiler.Steps(OdeSolver.Heun, 1).ToArray();

        Assert.HasCount(2, stages);
        Assert.AreEqual((0.0, 1.0), (stages[0].Time, stages[1].Time));
        Assert.AreEqual((false, true), (stages[0].EndsStep, stages[1].EndsStep));
        Assert.AreEqual(trial, (stages[0].State * z0) + (stages[0].Prediction * u0), 1e-14);
        Assert.AreEqual(end, (stages[1].State * z0) + (stages[1].Prediction * u1) + (stages[1].PreviousPrediction * u0), 1e-13);
    }

    [TestMethod]
    public void Steps_ExponentialEuler_IsDdim()
    {
        // DDIM (arXiv 2010.02502, eq. 12 with σ = 0) in our letters: z₁ = √ᾱ₁·û + √(1−ᾱ₁)·(z₀ − √ᾱ₀·û)/√(1−ᾱ₀).
        var grid = new LinearNoiseSchedule(-7, 5).Levels([0, 0.25, 0.5, 0.75, 1]);

        var stages = Compiler.Steps(OdeSolver.ExponentialEuler, 4).ToArray();

        for (var i = 0; i < 4; i++)
        {
            var epsilon = (0.3 - (grid[i].Signal * -0.8)) / grid[i].Noise;
            Assert.AreEqual(
                (grid[i + 1].Signal * -0.8) + (grid[i + 1].Noise * epsilon),
                (stages[i].State * 0.3) + (stages[i].Prediction * -0.8),
                1e-14);
        }
    }

    [TestMethod]
    public void Steps_ExponentialHeun_IsTheFormulaByHand()
    {
        // One step from λ = −7 to 5, h = 6: z₁ = σ₁/σ₀·z₀ + a₁(1−e^−h)·û₀ + a₁(1 − (1−e^−h)/h)·(û₁−û₀), a trial point with û₀ alone
        // before.
        var (a0, a1) = (1 / (1 + Math.Exp(7)), 1 / (1 + Math.Exp(-5)));
        var (z0, u0, u1) = (0.3, -0.8, 1.7);
        var decay = 1 - Math.Exp(-6);
        var trial = (Math.Sqrt((1 - a1) / (1 - a0)) * z0) + (Math.Sqrt(a1) * decay * u0);
        var end = trial + (Math.Sqrt(a1) * (1 - (decay / 6)) * (u1 - u0));

        var stages = Compiler.Steps(OdeSolver.ExponentialHeun, 1).ToArray();

        Assert.HasCount(2, stages);
        Assert.AreEqual((0.0, 1.0), (stages[0].Time, stages[1].Time));
        Assert.AreEqual((false, true), (stages[0].EndsStep, stages[1].EndsStep));
        Assert.AreEqual(trial, (stages[0].State * z0) + (stages[0].Prediction * u0), 1e-14);
        Assert.AreEqual(end, (stages[1].State * z0) + (stages[1].Prediction * u1) + (stages[1].PreviousPrediction * u0), 1e-14);
    }

    [TestMethod]
    public void Steps_Multistep_IsTheFormulaByHand()
    {
        // DPM-Solver++(2M) over equal steps in λ: the first step holds û₀, the second û₁ + ½(û₁ − û₀), from λ = −1 to 5 with h = 3.
        var (a1, a2) = (1 / (1 + Math.Exp(1)), 1 / (1 + Math.Exp(-5)));
        var (z1, u0, u1) = (0.3, -0.8, 1.7);
        var end = (Math.Sqrt((1 - a2) / (1 - a1)) * z1) + (Math.Sqrt(a2) * (1 - Math.Exp(-3)) * (u1 + ((u1 - u0) / 2)));

        var stages = Compiler.Steps(OdeSolver.Multistep, 2).ToArray();

        Assert.AreEqual(Compiler.Steps(OdeSolver.ExponentialEuler, 2).First(), stages[0]);
        Assert.AreEqual((0.5, true), (stages[1].Time, stages[1].EndsStep));
        Assert.AreEqual(end, (stages[1].State * z1) + (stages[1].Prediction * u1) + (stages[1].PreviousPrediction * u0), 1e-14);
    }

    [TestMethod]
    public void Steps_MultistepOverALevelThatStandsStill_HoldsThePrediction()
    {
        // What a learned schedule gives where it is flatter than single precision can tell.
        var compiler = new PlanCompiler(
            new ProbabilityFlow(), times => [.. times.Select(t => new NoiseLevel(t, t < 0.6 ? -7 : 5, 0))], classes: 10);

        var stages = compiler.Steps(OdeSolver.Multistep, 2).ToArray();

        Assert.AreEqual(0, stages[1].PreviousPrediction);
        Assert.IsTrue(double.IsFinite(stages[1].Prediction));
    }

    [TestMethod]
    public void Steps_Ancestral_AddNoiseAndNoOtherDynamicsDoes()
    {
        var schedule = new LinearNoiseSchedule(-7, 5);
        var grid = schedule.Levels([0, 0.5, 1]);

        foreach (var kind in Enum.GetValues<FlowDynamics>())
        {
            var stages = new PlanCompiler(Dynamics.Of(kind), schedule.Levels, classes: 10).Steps(OdeSolver.ExponentialEuler, 2).ToArray();

            var expected = kind == FlowDynamics.Ancestral ? new Ancestral().NoiseScale(grid[1], grid[2]) : 0;
            Assert.AreEqual(expected, stages[1].Noise, $"{kind}");
        }
    }

    [TestMethod]
    public void Compile_AdaptiveWithTighterTolerance_EvaluatesMoreOften()
    {
        var sampling = new Sampling { Solver = OdeSolver.Adaptive, SolverSteps = 100 };

        var (coarse, fine) =
            (Compiler.Compile(
                sampling,
                LastEvaluation.AtLabel), Compiler.Compile(sampling with { SolverTolerance = 0.01 }, LastEvaluation.AtLabel));

        Assert.IsGreaterThan(coarse.Stages.Count, fine.Stages.Count);
    }

    [TestMethod]
    public void Steps_UnknownSolver_Throws()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Compiler.Steps((OdeSolver)99, 1).ToArray());
    }

    // What a start adds to the way is linear in it: the offsets of a sum are the sum of the offsets.
    [TestMethod]
    public void Offsets_AnyPlan_AreLinearInTheStart() =>
        Gen.Select(
            Gen.Int[0, 5].Select(number => Enum.GetValues<OdeSolver>()[number]),
            Gen.Int[1, 12],
            Gen.Double[-3, 3],
            Gen.Float[-5, 5].Array[4],
            Gen.Float[-5, 5].Array[4])
            .Sample(
                drawn =>
                {
                    var (solver, steps, factor, x, y) = drawn;
                    var plan = Compiler.Compile(new Sampling { Solver = solver, SolverSteps = steps }, LastEvaluation.AtLabel);
                    float[] sum = [.. x.Zip(y, (a, b) => (float)((factor * a) + b))];

                    var (ofX, ofY, ofSum) = (Offsets(plan, x), Offsets(plan, y), Offsets(plan, sum));

                    for (var i = 0; i < ofSum.Length; i++)
                    {
                        Assert.AreEqual((factor * ofX[i]) + ofY[i], ofSum[i], 1e-5); // the sum is rounded to single precision
                    }
                },
                iter: 200);

    private static double[] Offsets(SamplingPlan plan, float[] start) =>
        [.. plan.Offsets(new HostTensor([1, start.Length], start), rows: null).SelectMany(offset => offset)];
}
