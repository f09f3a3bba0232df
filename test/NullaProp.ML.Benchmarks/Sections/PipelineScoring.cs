using Microsoft.ML;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Scoring;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// What ML.NET's rows and evaluator cost: Transform and Evaluate of rows in memory, against the batched runner on tensors.
/// </summary>
internal sealed class PipelineScoring(
    Effort effort,
    ModelPair models) : Section("evaluate", "Transform and Evaluate of 10,000 rows against the runner on tensors")
{
    private const int Rows = 10_000;
    private const string Evaluate = "Transform and Evaluate";
    private const string Tensors = "runner on tensors";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var mlContext = new MLContext(seed: 1);
        var rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, Rows).Select(FloatRow.Of).ToArray());
        var cached = mlContext.Data.Cache(rows, nameof(FloatRow.Features), nameof(FloatRow.Label));
        using var raw = ImageTensors.Raw(0, Rows);
        using var runner = models.Default.Runner();
        var comparison = Comparison.Of(
            effort.Long,
            new Contestant(Evaluate, _ => mlContext.MulticlassClassification.Evaluate(models.Default.Transformer.Transform(cached))),
            new Contestant(Tensors, _ => Score(runner, raw)));
        report.Add(comparison, "evaluate", $"{Rows} rows");
        report.Set(Figure.Evaluate, comparison.Ratio(Evaluate, Tensors));
    }

    private static void Score(TorchRunner runner, Tensor raw)
    {
        var most = ScoringBatch.Rows(SyntheticImages.Shape);
        for (var first = 0L; first < Rows; first += most)
        {
            using var batch = raw.narrow(0, first, Math.Min(most, Rows - first));
            runner.Probabilities(batch).Dispose();
        }
    }
}
