using Microsoft.ML;
using NullaProp.ML.Samples;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>What a method is trained and tested on.</summary>
internal sealed record StudyData(MLContext MlContext, IDataView Training, IDataView Test, StudySetting Setting)
{
    public int TestRows => (int)Test.GetRowCount()!;

    /// <exception cref="UserMistakeException">The data cannot be read.</exception>
    public static StudyData Read(StudySetting setting)
    {
        var mlContext = new MLContext(setting.Seed);
        return new StudyData(
            mlContext,
            LabelledPixels.Read(mlContext, setting.DataFolder, "train", end: setting.TrainRows),
            setting.TestPart == TestPart.TestImages
                ? LabelledPixels.Read(mlContext, setting.DataFolder, "t10k")
                : LabelledPixels.Read(mlContext, setting.DataFolder, "train", first: setting.TrainRows),
            setting);
    }
}
