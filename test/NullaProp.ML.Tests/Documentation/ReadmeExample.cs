using Microsoft.ML;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>The program on README's first screen, line for line; <see cref="ReadmeTests"/> holds the two together and runs it.</summary>
internal static class ReadmeExample
{
    public static void Run()
    {
        // <example>
        var mlContext = new MLContext(seed: 1);
        var photos = mlContext.Data.LoadFromEnumerable(Directory.EnumerateFiles("photos", "*", SearchOption.AllDirectories)
            .Select(path => new Photo { ImagePath = path, Label = Path.GetFileName(Path.GetDirectoryName(path)!) }));

        var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.LoadImages("Image", "", "ImagePath"))
            .Append(mlContext.Transforms.ResizeImages("Image", 28, 28))
            .Append(mlContext.Transforms.ExtractPixels("Features", "Image"))
            .Append(mlContext.MulticlassClassification.Trainers.NoProp())
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

        var model = pipeline.Fit(photos);
        mlContext.Model.Save(model, photos.Schema, "model.zip");
        var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(model);
        Console.WriteLine(engine.Predict(new Photo { ImagePath = "photos/cat/1.png" }).PredictedLabel);

        // </example>
    }

    internal sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    internal sealed class Prediction
    {
        public string PredictedLabel { get; set; } = "";

        public float[] Score { get; set; } = [];
    }
}
