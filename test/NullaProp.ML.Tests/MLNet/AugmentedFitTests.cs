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

    [TestMethod]
    [DataRow("crop")]
    [DataRow("flip")]
    [DataRow("rotation")]
    public void Fit_Augmented_IsRepeatableAndAnotherModel(string change)
    {
        var options = change switch
        {
            "crop" => TinyImages.Options with { Augmentation = TinyImages.Options.Augmentation with { RandomCropPadding = 2 } },
            "flip" => TinyImages.Options with { Augmentation = TinyImages.Options.Augmentation with { HorizontalFlipProbability = 0.5 } },
            _ => TinyImages.Options with { Augmentation = TinyImages.Options.Augmentation with { RotationDegrees = 15 } },
        };

        CollectionAssert.AreEqual(Scores(options), Scores(options));
        CollectionAssert.AreNotEqual(Scores(TinyImages.Options), Scores(options));
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
