using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Augmentation changes what training sees, and nothing else.</summary>
[TestClass]
public sealed class AugmentedFitTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);

    public static IEnumerable<object[]> Changes =>
    [
        [new Augmentation { RandomCropPadding = 2 }],
        [new Augmentation { HorizontalFlipProbability = 0.5 }],
        [new Augmentation { RotationDegrees = 15 }],
        [new Augmentation { RandomResizedCrop = 0.5 }],
        [new Augmentation { BrightnessJitter = 0.5 }],
        [new Augmentation { ContrastJitter = 0.5 }],
        [new Augmentation { Cutout = 0.5 }],
        [Augmentation.Digits],
    ];

    [TestMethod]
    [DynamicData(nameof(Changes))]
    public void Fit_Augmented_IsRepeatableAndAnotherModel(Augmentation changes)
    {
        var options = TinyImages.Options with { Augmentation = changes };

        CollectionAssert.AreEqual(Scores(options), Scores(options));
        CollectionAssert.AreNotEqual(Scores(TinyImages.Options), Scores(options));
    }

    [TestMethod]
    public void Fit_SaturationOfGreyImages_SaysThatTheyHaveNoColours()
    {
        var trainer = TinyImages.Trainer(Context, options => options with { Augmentation = Augmentation.Photos });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(Data));

        Assert.Contains("SaturationJitter is 0.2, but the images are 1×8×8 and only three channels have colours", fault.Message);
    }

    // A cat is bright in the upper left, a dog in the upper right: mirrored at random they cannot be told apart, owls below can.
    [TestMethod]
    public void Fit_FlippedClassesThatOnlySidesTellApart_CannotLearnThem()
    {
        var progress = new Recorder<EpochMetrics>();

        TinyImages
            .Trainer(
                Context,
                options => options with { Epochs = 10, Augmentation = options.Augmentation with { HorizontalFlipProbability = 0.5 } })
            .Fit(Data, validation: null, progress)
            .Dispose();

        Assert.AreEqual(2 / 3.0, progress.Reports[^1].TrainingAccuracy!.Value, 0.17);
    }

    private static float[] Scores(NoPropOptions options)
    {
        using var model = TinyImages.Trainer(Context, _ => options).Fit(Data);
        return [.. model.Transform(Data).GetColumn<float[]>("Score").SelectMany(row => row)];
    }
}
