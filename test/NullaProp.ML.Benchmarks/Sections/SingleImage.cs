using Microsoft.ML;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// One image at a time through ML.NET's prediction engine, from a row in memory to a prediction: everything but loading the image.
/// </summary>
internal sealed class SingleImage(Effort effort, ModelPair models) : Section("single", "one image through the prediction engine")
{
    private const int Images = 100;
    private const string Default = "default plan";
    private const string Heun40 = "Heun T 40";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var mlContext = new MLContext(seed: 1);
        FloatRow[] rows = [.. Enumerable.Range(0, Images).Select(FloatRow.Of)];
        using var standard = Engine(mlContext, models.Default);
        using var seedLike = Engine(mlContext, models.SeedLike);
        var prediction = new RowPrediction(); // filled anew each time, as a server under load would
        var comparison = Comparison.Of(
            effort.Short with { Time = 2 * effort.Short.Time }, // also twice the warm-up: here the runtime's compiler counts most
            new Contestant(Default, round => standard.Predict(rows[round % Images], ref prediction)),
            new Contestant(Heun40, round => seedLike.Predict(rows[round % Images], ref prediction)));
        report.Add(comparison, "single image");
        report.Set(Figure.SingleDefault, comparison.Of(Default));
        report.Set(Figure.SingleHeun40, comparison.Of(Heun40));
    }

    // Not the owner of the model, whose other users are still to come.
    private static PredictionEngine<FloatRow, RowPrediction> Engine(MLContext mlContext, TrainedModel model) =>
        mlContext.Model.CreatePredictionEngine<FloatRow, RowPrediction>(
            model.Transformer,
            new PredictionEngineOptions { OwnsTransformer = false });
}
