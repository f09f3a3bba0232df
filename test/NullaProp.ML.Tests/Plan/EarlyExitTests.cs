using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class EarlyExitTests
{
    private const int Images = 12;

    public static IEnumerable<object[]> Models =>
        from variant in new[] { VariantKind.ContinuousTime, VariantKind.DiscreteTime, VariantKind.FlowMatching }
        from draws in new[] { 0, 3 }
        select new object[] { variant, draws };

    // From unsure networks to very sure ones, so that some images stay and others leave.
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Probabilities_ClassIsDecided_KeepEveryClassAndAgreeByRow(VariantKind variant, int draws)
    {
        var options =
            TinyModel.Small(new NoPropOptions
            {
                Variant = variant.Create(new DiscreteTime { BlockCount = 6 }),
                Sampling = new() { SolverSteps = 3, Draws = draws, EarlyExit = EarlyExit.WhenClassIsDecided },
            });

        var left = new[] { 0.1f, 1f, 4f, 8f }.Sum(sharpness => ImagesThatLeft(options, sharpness));

        Assert.IsTrue(left is > 0 and < 4 * Images, $"{left} of {4 * Images} images left early: both kinds are to be tested");
    }

    // Heun's trial points, the two predictions of the multistep method, noise on the way, blocks: what the last state is made of is
    // another sum each time.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.ExponentialEuler, FlowDynamics.ProbabilityFlow, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.Heun, FlowDynamics.ProbabilityFlow, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.ExponentialHeun, FlowDynamics.SimplifiedFlow, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.Multistep, FlowDynamics.ProbabilityFlow, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.ExponentialEuler, FlowDynamics.Ancestral, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.DiscreteTime, OdeSolver.Heun, FlowDynamics.ProbabilityFlow, EmbeddingKind.OneHot)]
    [DataRow(VariantKind.ContinuousTime, OdeSolver.Multistep, FlowDynamics.ProbabilityFlow, EmbeddingKind.LearnedUnitNorm)]
    public void Probabilities_LastStateIsDecided_KeepEveryClassAndAgreeByRow(
        VariantKind variant, OdeSolver solver, FlowDynamics dynamics, EmbeddingKind embedding)
    {
        // After few steps the last of them decides much, unless the noise at the start does; after many little.
        var left = new[] { 2, 24 }.Sum(steps => ImagesThatLeft(Options(steps), 0.1f) + ImagesThatLeft(Options(steps), 4));

        Assert.IsTrue(left is > 0 and < 4 * Images, $"{left} of {4 * Images} images left early: both kinds are to be tested");

        NoPropOptions Options(int steps) => TinyModel.Small(new NoPropOptions
        {
            Variant = variant.Create(
                new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LinearLogSnr },
                new DiscreteTime { BlockCount = steps, BlockMaxLogSnr = null, NoiseSchedule = NoiseScheduleKind.LinearLogSnr }),
            Embedding = new() { Kind = embedding },
            Sampling = new()
            {
                Solver = solver,
                Dynamics = dynamics,
                SolverSteps = steps,
                Draws = steps == 2 && dynamics != FlowDynamics.Ancestral ? 0 : 1,
                ScoreReadout = ScoreReadout.LastState,
                EarlyExit = EarlyExit.WhenClassIsDecided,
            },
        });
    }

    // What one draw has decided, the others have not.
    [TestMethod]
    public void Probabilities_LastStateOfSeveralDraws_GoTheWholeWay() =>
        Assert.AreEqual(0, ImagesThatLeft(LastStates(draws: 3), 0.1f) + ImagesThatLeft(LastStates(draws: 3), 4));

    [TestMethod]
    public void Diagnosis_OfImagesThatWouldLeave_GoesTheWholeWay()
    {
        using var scope = NewDisposeScope();
        var options = LastStates(draws: 1);
        using var model = Sharpened(options, 4);
        using var generator = new Generator(3);
        var (pixels, plan) = (TinyModel.Pixels(Images, generator), PlanCompiler.For(model, options));
        var starts = PriorDraws.Of(1, model.Embedding.Dimension, new RandomStreams(5), plan.NoiseCount);
        using var early = new TorchRunner(model, plan, starts);
        using var whole = new TorchRunner(model, plan with { EarlyExit = EarlyExit.Never }, starts);

        var (expected, actual) = (FromNoise(whole), FromNoise(early));

        CollectionAssert.AreEqual(expected, actual);
        Assert.IsGreaterThan(0, ImagesThatLeft(options, 4), "no image leaves: nothing was tested");

        float[] FromNoise(TorchRunner runner) =>
            runner.Diagnosis(pixels, new RandomStreams(1).Of("noise")).FromNoise.data<float>().ToArray();
    }

    // Of a long way each image that leaves would keep a copy of all the others until the last one is done.
    [TestMethod]
    public void Run_ImagesThatLeave_KeepNoTensorAlive()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var options = LastStates(draws: 1);
        using var network = Sharpened(options, 4);
        using var generator = new Generator(3);
        var (pixels, plan) = (TinyModel.Pixels(Images, generator), PlanCompiler.For(network, options));
        var starts = PriorDraws.Of(1, network.Embedding.Dimension, new RandomStreams(5), plan.StoredNoises);
        using var model = new TorchModel(new FoldedModel(network, plan, starts));

        var (early, whole) = (TensorsLeft(plan), TensorsLeft(plan with { EarlyExit = EarlyExit.Never }));

        Assert.IsLessThanOrEqualTo(whole + 3, early); // who left last, the read-out, and what two registers held as one
        Assert.IsGreaterThan(0, ImagesThatLeft(options, 4), "no image leaves: nothing was tested");

        long TensorsLeft(SamplingPlan by)
        {
            using var own = NewDisposeScope();
            var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            new PlanInterpreter(by, starts: 1).Run(new TorchRows(model, pixels));
            return DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - before;
        }
    }

    // With many classes it is large, and no other plan needs it.
    [TestMethod]
    [DataRow(EarlyExit.Never, false)]
    [DataRow(EarlyExit.WhenClassIsDecided, true)]
    public void Spread_OfTheReadout_IsMeasuredWhereAnImageMayLeaveByItsState(EarlyExit earlyExit, bool isMeasured)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(new NoPropOptions { Embedding = new() { Kind = EmbeddingKind.Learned } });
        var plan = PlanCompiler.For(
            model,
            new NoPropOptions { Sampling = new() { ScoreReadout = ScoreReadout.LastState, EarlyExit = earlyExit } });

        var readout = new FoldedReadout(model, plan, model.Embedding.Rows());

        Assert.AreEqual(isMeasured, readout.Spread is not null);
        for (var k = 0; k < 3 && isMeasured; k++)
        {
            for (var j = 0; j < 3; j++)
            {
                var expected = k == j
                    ? -1
                    : Enumerable.Range(0, 3).Max(i => Math.Abs(readout.Layers[0].Row(k)[i] - readout.Layers[0].Row(j)[i]));
                Assert.AreEqual(expected, readout.Spread!.Row(k)[j], 1e-6f);
            }
        }
    }

    [TestMethod]
    public void Of_LastState_IsTheSumThatTheStagesMake()
    {
        // Two steps of two stages, and one that uses the prediction before: q₁ = ½q₀ + ¼û₁ + ⅛û₀, q₂ = ½q₁ + ¼û₃ + ⅛û₂.
        SamplingStage trial = new() { Time = 0, State = 0.9, Prediction = 0.3 };
        SamplingStage end = new() { Time = 0.5, State = 0.5, Prediction = 0.25, PreviousPrediction = 0.125, EndsStep = true };
        var plan = new SamplingPlan([trial, end, trial, end]) { StateShare = 1, EarlyExit = EarlyExit.WhenClassIsDecided };

        CollectionAssert.AreEqual(new StateInfluence?[] { null, new(0.5, 0, 0.375, 0.375), null, null }, StateInfluence.Of(plan).ToArray());
    }

    [TestMethod]
    public void Of_MultistepPlan_KeepsThePredictionThatIsUsedTwice()
    {
        SamplingStage first = new() { Time = 0, State = 0.5, Prediction = 0.5, EndsStep = true };
        SamplingStage second = new() { Time = 0.5, State = 0.5, Prediction = 0.75, PreviousPrediction = -0.25, EndsStep = true };
        var plan = new SamplingPlan([first, second]) { StateShare = 1, EarlyExit = EarlyExit.WhenClassIsDecided };

        CollectionAssert.AreEqual(new StateInfluence?[] { new(0.5, -0.25, 0.75, 0.75), null }, StateInfluence.Of(plan).ToArray());
    }

    [TestMethod]
    public void SharesLeft_MeanOverFour_CountDown()
    {
        var plan = new SamplingPlan([.. Enumerable.Range(0, 4).Select(i => new SamplingStage { Time = i / 4.0, ScoreShare = 0.25 })])
        {
            EarlyExit = EarlyExit.WhenClassIsDecided,
        };

        CollectionAssert.AreEqual(new double?[] { 0.75, 0.5, 0.25, 0 }, plan.SharesLeft().ToArray());
    }

    [TestMethod]
    [DataRow(EarlyExit.Never, 0.0)]
    [DataRow(EarlyExit.WhenClassIsDecided, 1.0)] // the last state decides alone
    public void SharesLeft_WhereNoImageMayLeave_AreNone(EarlyExit earlyExit, double stateShare)
    {
        var plan = new SamplingPlan([new SamplingStage { Time = 0, ScoreShare = 1 - stateShare }])
        {
            EarlyExit = earlyExit,
            StateShare = stateShare,
        };

        Assert.IsNull(plan.SharesLeft().Single());
    }

    private static NoPropOptions LastStates(int draws) => TinyModel.Small(new NoPropOptions
    {
        Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LinearLogSnr },
        Sampling = new()
        {
            Solver = OdeSolver.ExponentialEuler,
            SolverSteps = 24,
            Draws = draws,
            ScoreReadout = ScoreReadout.LastState,
            EarlyExit = EarlyExit.WhenClassIsDecided,
        },
    });

    private static long ImagesThatLeft(NoPropOptions options, float sharpness)
    {
        using var scope = NewDisposeScope();
        using var model = Sharpened(options, sharpness);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var plan = PlanCompiler.For(model, options);
        var starts = PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, new RandomStreams(5), plan.NoiseCount);
        using var early = new TorchRunner(model, plan, starts);
        using var whole = new TorchRunner(model, plan with { EarlyExit = EarlyExit.Never }, starts);
        var rows = new ManagedRunner(early.Folded, TinyModel.Shape, Environment.ProcessorCount);

        var (actual, expected) = (early.Probabilities(pixels), whole.Probabilities(pixels));

        CollectionAssert.AreEqual(expected.argmax(1).data<long>().ToArray(), actual.argmax(1).data<long>().ToArray());
        Assert.IsTrue(actual.sum(1).allclose(ones(Images), rtol: 0, atol: 1e-5));
        for (var image = 0; image < Images; image++)
        {
            var scores = new float[3];
            rows.Probabilities(pixels[image].data<float>().ToArray(), scores);
            Assert.IsTrue(tensor(scores).allclose(actual[image], rtol: 0, atol: 1e-5), $"image {image}");
        }

        return (actual - expected).abs().amax([1]).gt(1e-6).sum().item<long>();
    }

    // Scales the logits, with the first class ahead in all blocks. Flow matching's estimates are read as proportions, which a factor does
    // not change: there the second class falls behind the first, both far above what the start adds.
    private static Denoiser Sharpened(NoPropOptions options, float sharpness)
    {
        var model = TinyModel.Create(options);
        using var mode = no_grad();
        foreach (var (name, value) in model.Weights.Values.Where(weight => weight.Key.Contains("head.output.", StringComparison.Ordinal)))
        {
            var isBias = name.EndsWith("bias", StringComparison.Ordinal);
            if (options.Variant is not FlowMatching)
            {
                value.select(0, 0).add_(isBias ? 1 : 0);
                value.mul_(sharpness);
            }
            else if (isBias)
            {
                value.add_(tensor(new[] { 100, 100 * (1 - (sharpness / 8.5f)), 0 }));
            }
        }

        return model;
    }
}
