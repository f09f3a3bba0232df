using Microsoft.ML;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>README's whole program, line for line; <see cref="ReadmeTests"/> holds the two together and runs it.</summary>
internal static class ReadmeExample
{
    public static void Run()
    {
        // <example>
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, log) => { if (log.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Warning) Console.WriteLine(log.Message); };
        var (training, test) = mlContext.Data.LoadImageFolder("photos").Split(0.2);
        var pipeline = mlContext.Transforms.LoadImageFiles("Features", 224, 224)
            .Append(mlContext.MulticlassClassification.Trainers.NoProp(NoPropOptions.Photos))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

        var model = pipeline.Fit(training.Data);
        var metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(test.Data));
        Console.WriteLine($"{metrics.MicroAccuracy:P1} of {test.Files.Count} images held back are right.");
        mlContext.Model.SaveAtomically(model, training.Data.Schema, "model.zip");
        var engine = mlContext.Model.CreatePredictionEngine<ImageRow, Prediction>(model);
        Console.WriteLine(engine.Predict(new ImageRow { ImagePath = test.Files[0].ImagePath }).PredictedLabel);

        // </example>
    }

    internal sealed class Prediction
    {
        public string PredictedLabel { get; set; } = "";

        public float[] Score { get; set; } = [];
    }
}
