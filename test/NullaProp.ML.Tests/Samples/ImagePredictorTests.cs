using Microsoft.ML;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Models of images are read that this program has not made.</summary>
[TestClass]
public sealed class ImagePredictorTests
{
    // Its labels are numbers, its column of scores has another name, and its answers are keys, not names.
    [TestMethod]
    public void Predict_ModelOfAnotherMaking_GivesItsClassesAsItsOwnChainDoes()
    {
        using var folder = new TempFolder();
        PictureFolder.Write(folder.File("pictures"));
        var mlContext = new MLContext(seed: 1);
        var rows = mlContext.Data.LoadImageFolder(folder.File("pictures")).Files
            .Select(image => new NumberedRow { ImagePath = image.ImagePath, Label = 7 + Array.IndexOf(PictureFolder.Classes, image.Label) })
            .ToList();
        var options = new NoPropOptions
        {
            Epochs = 1,
            BatchSize = 8,
            HiddenSize = 8,
            Seed = 1,
            ImageShape = new(3, 16, 16),
            ScoreColumnName = "Probabilities",
        };
        var model = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.LoadImageFiles("Image", 16, 16))
            .Append(mlContext.Transforms.ExtractPixels("Features", "Image"))
            .Append(mlContext.MulticlassClassification.Trainers.NoProp(options))
            .Fit(mlContext.Data.LoadFromEnumerable(rows));
        mlContext.Model.Save(model, mlContext.Data.LoadFromEnumerable(rows).Schema, folder.File("model.zip"));
        using var engine = mlContext.Model.CreatePredictionEngine<NumberedRow, Answer>(model);
        var expected = engine.Predict(rows[0]).Probabilities;

        using var predictor = ImagePredictor.Load(folder.File("model.zip"));
        var found = predictor.Predict(rows[0].ImagePath);
        var uploaded = predictor.Predict(File.ReadAllBytes(rows[0].ImagePath));

        CollectionAssert.AreEqual(new[] { "7", "8", "9" }, predictor.ClassNames.ToArray());
        CollectionAssert.AreEqual(expected, found.OrderBy(one => one.ClassName).Select(one => one.Probability).ToArray());
        CollectionAssert.AreEqual(found.ToArray(), uploaded.ToArray());
    }

    private sealed class NumberedRow
    {
        public string ImagePath { get; init; } = string.Empty;

        public int Label { get; init; }
    }

    private sealed class Answer
    {
        public float[] Probabilities { get; set; } = [];
    }
}
