using Microsoft.ML;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// What a pipeline costs: Fit on decoded images that ML.NET has cached, against the same training on a store of images that is already in
/// memory.
/// </summary>
internal sealed class PipelineFit(Effort effort) : Section("fit", "Fit through a pipeline against training on images in memory")
{
    private const string Pipeline = "through a pipeline";
    private const string Memory = "images in memory";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var options = ModelPair.DefaultOptions;
        var images = ImageTensors.Store(effort.TrainingImages);
        var mlContext = new MLContext(seed: 1);
        var rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, effort.TrainingImages).Select(FloatRow.Of).ToArray());
        var cached = mlContext.Data.Cache(rows, nameof(FloatRow.Features), nameof(FloatRow.ClassName));
        var pipeline = mlContext.Transforms.Conversion.MapValueToKey(nameof(FloatRow.Label), nameof(FloatRow.ClassName))
            .Append(mlContext.MulticlassClassification.Trainers.NoProp(options));
        var comparison = Comparison.Of(
            effort.Long,
            new Contestant(Pipeline, _ => pipeline.Fit(cached).LastTransformer.Dispose()),
            new Contestant(Memory, _ => TrainedModel.Fit(options, images).Dispose()));
        report.Add(comparison, "fit", $"{effort.TrainingImages} images");
        report.Set(Figure.PipelineFit, comparison.Ratio(Pipeline, Memory));
    }
}
