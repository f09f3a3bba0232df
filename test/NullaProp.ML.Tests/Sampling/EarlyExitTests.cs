using NullaProp.ML.Networks;
using NullaProp.ML.Sampling;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Sampling;

[TestClass]
public sealed class EarlyExitTests
{
    private const int Images = 12;

    public static IEnumerable<object[]> Models =>
        from variant in new[] { NoPropVariant.ContinuousTime, NoPropVariant.DiscreteTime, NoPropVariant.FlowMatching }
        from draws in new[] { 0, 3 }
        select new object[] { variant, draws };

    // From unsure networks to very sure ones, so that some images stay and others leave.
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Probabilities_ClassIsDecided_KeepEveryClassAndAgreeByRow(NoPropVariant variant, int draws)
    {
        var options = TinyModel.Small(new NoPropOptions { Variant = variant, BlockCount = 6, SolverSteps = 3, Draws = draws, EarlyExit = EarlyExit.WhenClassIsDecided });

        var left = new[] { 0.1f, 1f, 4f, 8f }.Sum(sharpness => ImagesThatLeft(options, sharpness));

        Assert.IsTrue(left is > 0 and < 4 * Images, $"{left} of {4 * Images} images left early: both kinds are to be tested");
    }

    [TestMethod]
    public void SharesLeft_MeanOverFour_CountDown()
    {
        var plan = new SamplingPlan([.. Enumerable.Range(0, 4).Select(i => new SamplingStage { Time = i / 4.0, ScoreShare = 0.25 })]) { EarlyExit = EarlyExit.WhenClassIsDecided };

        CollectionAssert.AreEqual(new double?[] { 0.75, 0.5, 0.25, 0 }, plan.SharesLeft().ToArray());
    }

    [TestMethod]
    [DataRow(EarlyExit.Never, 0.0)]
    [DataRow(EarlyExit.WhenClassIsDecided, 1.0)] // the last state decides alone
    public void SharesLeft_WhereNoImageMayLeave_AreNone(EarlyExit earlyExit, double stateShare)
    {
        var plan = new SamplingPlan([new SamplingStage { Time = 0, ScoreShare = 1 - stateShare }]) { EarlyExit = earlyExit, StateShare = stateShare };

        Assert.IsNull(plan.SharesLeft().Single());
    }

    private static long ImagesThatLeft(NoPropOptions options, float sharpness)
    {
        using var scope = NewDisposeScope();
        using var model = Sharpened(options, sharpness);
        using var generator = new Generator(3);
        var pixels = TinyModel.Pixels(Images, generator);
        var starts = Start.Points(options.Draws, model.Embedding.Dimension, seed: 5);
        var plan = PlanCompiler.For(model, options);
        using var early = new PlanRunner(model, plan, starts);
        using var whole = new PlanRunner(model, plan with { EarlyExit = EarlyExit.Never }, starts);
        var rows = new RowRunner(model, TinyModel.Shape, plan, early.Folded);

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

    // Scales the logits, with the first class ahead in all blocks, or what flow matching reads its clean label by.
    private static Denoiser Sharpened(NoPropOptions options, float sharpness)
    {
        var model = TinyModel.Create(options);
        using var mode = no_grad();
        foreach (var (name, value) in model.Weights.Values)
        {
            if (name == "readout.log_precision")
            {
                value.add_(MathF.Log(sharpness));
            }
            else if (options.Variant != NoPropVariant.FlowMatching && name.Contains("head.output.", StringComparison.Ordinal))
            {
                value.select(0, 0).add_(name.EndsWith("bias", StringComparison.Ordinal) ? 1 : 0);
                value.mul_(sharpness);
            }
        }

        return model;
    }
}
