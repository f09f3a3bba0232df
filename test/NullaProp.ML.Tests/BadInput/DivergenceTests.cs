using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A loss that is no number any more ends the training with advice.</summary>
[TestClass]
public sealed class DivergenceTests
{
    // The most that the options allow in the direction of trouble: steps of 10 on a loss that is weighted by up to e^20.
    private static readonly NoPropOptions Reckless = Tiny.Options with
    {
        Epochs = 60,
        Seed = 3, // not every run of such options diverges
        LearningRate = 10,
        LearningRateSchedule = LearningRateSchedule.Constant,
        WarmupFraction = 0,
        Variant =
            ((ContinuousTime)Tiny.Options.Variant) with
            {
                LossWeighting = LossWeighting.SnrDerivative,
                DenoisingLoss = DenoisingLoss.SquaredError,
                LogSnrAtLabel = 20,
            },
        Embedding = Tiny.Options.Embedding with { Kind = EmbeddingKind.Learned, Dimension = 256 },
    };

    [TestMethod]
    public void Fit_LossDiverges_NamesEpochAndStepAndAdvises()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Reckless);

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(Tiny.Data(context)),
            " became NaN or infinite in epoch ",
            " of 2, so training was stopped. Lower LearningRate (now 10), choose LossWeighting.Uniform (now SnrDerivative), or scale "
                + "the pixels if they are huge.");

        Tiny.AssertTrains(context, Tiny.Trainer(context));
    }

    [TestMethod]
    public void Fit_PixelsSpreadOverTheWholeRange_NamesEpochAndStep()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var photos = Tiny.Photos();
        photos.ForEach(photo => Array.Fill(photo.Features, float.MinValue));
        photos[0].Features[0] = float.MaxValue; // too far from the mean for single precision

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(context.Data.LoadFromEnumerable(photos)),
            "The loss became NaN or infinite in epoch 1 at step ",
            "(now 0.001)",
            "or scale the pixels if they are huge.");

        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_LossDivergesWithValidationAndPatience_LeavesNothing()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Reckless with { EarlyStoppingPatience = 100_000 });

        Fault.Of<InvalidOperationException>(() => trainer.Fit(Tiny.Data(context), Tiny.Data(context)), "became NaN or infinite in epoch ");
    }
}
