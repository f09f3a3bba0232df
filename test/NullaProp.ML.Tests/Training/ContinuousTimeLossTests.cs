using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Variants;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>The terms of the loss against numbers by hand, with a network whose logits are known.</summary>
[TestClass]
public sealed partial class ContinuousTimeLossTests
{
    private const int Seed = 17;

    // Single precision, numbers near 1.
    private const double SingleRounding = 2e-6;

    private static readonly NoPropOptions Linear = new()
    {
        Variant = new ContinuousTime
        {
            DenoisingLoss = DenoisingLoss.SquaredError,
            NoiseSchedule = NoiseScheduleKind.LinearLogSnr,
            LogSnrAtNoise = -3,
            LogSnrAtLabel = 3,
        },
    };

    // Ends that are learned, so that prior and read-out count.
    private static readonly NoPropOptions Jointly =
        Linear with
        {
            Variant =
                ((ContinuousTime)Linear.Variant) with
                {
                    NoiseSchedule = NoiseScheduleKind.LearnedJointly,
                    LossWeighting = LossWeighting.SnrDerivative,
                },
        };

    [TestMethod]
    public void Denoising_ZeroWeights_IsTheDistanceOfTheUniformPrediction()
    {
        using var model = TinyModel.WithLogits(Linear, 0, 0, 0);

        var terms = Terms(model, Linear, 0, 1, 2, 2);

        // (1−⅓)² + 2·(⅓)² for every row, weight 1; nothing depends on the other terms.
        Assert.AreEqual(2.0 / 3, terms.Denoising, SingleRounding);
        Assert.AreEqual((0, 0), (terms.Prior, terms.Readout));
    }

    [TestMethod]
    public void Denoising_KnownPrediction_IsTheMeanDistanceByHand()
    {
        using var model = TinyModel.WithLogits(Linear, Logs(0.5, 0.3, 0.2));

        var terms = Terms(model, Linear, 0, 1, 2);

        // .5² + .3² + .2², then .5² + .7² + .2², then .5² + .3² + .8²
        Assert.AreEqual((0.38 + 0.78 + 0.98) / 3, terms.Denoising, SingleRounding);
    }

    [TestMethod]
    public void Denoising_Factor_MultipliesThatTermAlone()
    {
        var tenth = Jointly with { Variant = ((ContinuousTime)Jointly.Variant) with { DenoisingFactor = 0.1 } };
        using var model = TinyModel.WithLogits(Jointly, Logs(0.5, 0.3, 0.2));

        var (whole, less) = (Terms(model, Jointly, 0, 1, 2), Terms(model, tenth, 0, 1, 2));

        Assert.AreEqual(0.1, less.Denoising / whole.Denoising, 1e-6);
        Assert.AreEqual((whole.Prior, whole.Readout), (less.Prior, less.Readout));
    }

    [TestMethod]
    public void Denoising_UniformWeightOverManyTimes_IsTheSameForAnyCurve()
    {
        var options = Linear with { Variant = ((ContinuousTime)Linear.Variant) with { NoiseSchedule = NoiseScheduleKind.Learned } };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);
        TinyModel.Set(model, "schedule.slopes", [.. Enumerable.Range(0, 64).Select(i => i / 4f)]); // steeper in the middle than at the ends
        TinyModel.Set(model, "schedule.offsets", [.. Enumerable.Range(0, 64).Select(i => -i / 8f)]);

        var terms = Terms(model, options, [.. Enumerable.Range(0, 64).Select(i => i % 3L)]);

        // λ′/(λ₁−λ₀) has mean 1 over all times; the sum over 64 evenly spread ones misses the integral by (λ′(1) − λ′(0))/(λ₁−λ₀)/128 at
        // most, and λ′ is within twice its mean.
        Assert.AreEqual(2.0 / 3, terms.Denoising, 2.0 / 3 * 0.016);
    }

    [TestMethod]
    [DataRow(LossWeighting.SnrDerivative, 1e9)]
    [DataRow(LossWeighting.MinSnr, 5.0)]
    public void Denoising_SnrWeight_IsHalfTheSlopeOfSnr(LossWeighting weighting, double limit)
    {
        var options = Linear with { Variant = ((ContinuousTime)Linear.Variant) with { LossWeighting = weighting } };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);

        var terms = Terms(model, options, 0, 1, 2, 0);

        // λ = −3 + 6t, so SNR′ = 6·e^λ, which passes 5 at λ = −0.18: some of the rows are cut. The error of every row is 2/3.
        using var scope = NewDisposeScope();
        var slopes = new LossDraws(Seed, 4, 3).Times.Select(t => 6 * Math.Exp(-3 + (6 * t))).ToArray();
        Assert.IsTrue(slopes.Any(slope => slope > 5) && slopes.Any(slope => slope < 5));
        Assert.AreEqual(1, terms.Denoising / slopes.Average(slope => 0.5 * Math.Min(slope, limit) * 2 / 3), 1e-5);
    }

    [TestMethod]
    public void Denoising_TimesUniformInLogSnr_WeighEveryRowAlike()
    {
        var options =
            Linear with
            {
                Variant =
                    ((ContinuousTime)Linear.Variant) with
                    {
                        NoiseSchedule = NoiseScheduleKind.Cosine,
                        TimeSampling = TimeSampling.UniformInLogSnr,
                    },
            };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);

        var terms = Terms(model, options, 0, 1, 2, 2);

        // λ′/(λ₁−λ₀) over the density of t, which is the same.
        Assert.AreEqual(2.0 / 3, terms.Denoising, SingleRounding);
    }

    // The same loss by other times: SNR′ over the density of t is (λ₁−λ₀)·SNR at evenly spread λ.
    [TestMethod]
    [DataRow(NoiseScheduleKind.LinearLogSnr)]
    [DataRow(NoiseScheduleKind.Cosine)]
    public void Denoising_SnrWeightOverTimesUniformInLogSnr_IsTheSpanTimesSnr(NoiseScheduleKind schedule)
    {
        var options =
            Linear with
            {
                Variant =
                    ((ContinuousTime)Linear.Variant) with
                    {
                        NoiseSchedule = schedule,
                        TimeSampling = TimeSampling.UniformInLogSnr,
                        LossWeighting = LossWeighting.SnrDerivative,
                    },
            };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);

        var terms = Terms(model, options, 0, 1, 2, 0);

        using var scope = NewDisposeScope();
        var byHand = new LossDraws(Seed, 4, 3).Times.Average(share => 0.5 * 6 * Math.Exp(-3 + (6 * share)) * 2 / 3);
        // Single precision of λ, 3e-7, in an exponent.
        Assert.AreEqual(1, terms.Denoising / byHand, 2e-5);
    }

    [TestMethod]
    [DataRow(TimeSampling.UniformInTime)]
    [DataRow(TimeSampling.UniformInLogSnr)]
    public void Denoising_SnrWeightOverManyTimes_HasTheSameMeanHoweverTheyAreDrawn(TimeSampling sampling)
    {
        var options =
            Linear with
            {
                Variant =
                    ((ContinuousTime)Linear.Variant) with
                    {
                        NoiseSchedule = NoiseScheduleKind.Cosine,
                        TimeSampling = sampling,
                        LossWeighting = LossWeighting.SnrDerivative,
                    },
            };
        using var model = TinyModel.WithLogits(options, 0, 0, 0);

        var terms = Terms(model, options, [.. Enumerable.Range(0, 256).Select(i => i % 3L)]);

        // ½·(SNR(1) − SNR(0))·2/3; evenly spread times miss the integral of a function that goes once up and down by its largest value/256,
        // which is 6 times its mean or less.
        var mean = (Math.Exp(3) - Math.Exp(-3)) / 3;
        Assert.AreEqual(mean, terms.Denoising, mean * 6 / 256);
    }

    [TestMethod]
    public void Denoising_CrossEntropy_IsTheLogarithmByHand()
    {
        var options = Linear with { Variant = ((ContinuousTime)Linear.Variant) with { DenoisingLoss = DenoisingLoss.CrossEntropy } };
        using var model = TinyModel.WithLogits(options, Logs(0.5, 0.3, 0.2));

        var terms = Terms(model, options, 0, 1, 2, 2);

        Assert.AreEqual(-(Math.Log(0.5) + Math.Log(0.3) + (2 * Math.Log(0.2))) / 4, terms.Denoising, SingleRounding);
    }

    [TestMethod]
    public void Backward_OneHotWithFixedEnds_ComputesNoTermThatTeachesNothing()
    {
        using var model = TinyModel.Create();

        var terms = Terms(model, new NoPropOptions(), 0, 1, 2);

        Assert.AreEqual((0, 0), (terms.Prior, terms.Readout));
    }

    [TestMethod]
    public void Backward_SameSeed_GivesTheSameAndAnotherSeedAnother()
    {
        using var model = TinyModel.Create(Linear);

        var first = Terms(model, Linear, 0, 1, 2);
        var again = Terms(model, Linear, 0, 1, 2);
        var other = Terms(model, Linear, Seed + 1, [0, 1, 2]);

        Assert.AreEqual(first, again);
        Assert.AreNotEqual(first.Denoising, other.Denoising);
    }

    [TestMethod]
    public void Backward_AnyStep_LeavesOneTensorBesideTheGradients()
    {
        using var model = TinyModel.Create();
        using var batch = TinyModel.Batch(1, 0, 1, 2);
        var loss = new ContinuousTimeLoss(model, new ContinuousTime());
        loss.Backward(batch, TinyModel.Training(1)).Dispose(); // makes the gradients
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using var terms = loss.Backward(batch, TinyModel.Training(1));

        Assert.AreEqual(before + 1, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        Assert.IsFalse(terms.requires_grad);
    }

    private static float[] Logs(params double[] probabilities) => [.. probabilities.Select(p => (float)Math.Log(p))];

    private static (double Denoising, double Prior, double Readout) Terms(Denoiser model, NoPropOptions options, params long[] labels) =>
        Terms(model, options, Seed, labels);

    private static (double Denoising, double Prior, double Readout) Terms(Denoiser model, NoPropOptions options, int seed, long[] labels)
    {
        using var batch = TinyModel.Batch(1, labels);
        using var terms = new ContinuousTimeLoss(model, (ContinuousTime)options.Variant).Backward(batch, TinyModel.Training(seed));
        var values = terms.data<float>().ToArray();
        return (values[0], values[1], values[2]);
    }
}
