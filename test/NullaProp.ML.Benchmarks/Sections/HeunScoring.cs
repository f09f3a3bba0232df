using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// The published way to score, Heun's method with T = 40, by the straight port and by ours; and whether both find the same classes.
/// </summary>
internal sealed class HeunScoring(Effort effort, ModelPair models) : Section("heun", "Heun T = 40, batch 256, against the straight port")
{
    private const int Batch = 256;
    private const int Steps = 40;
    private const int Batches = 16;

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var duel = new ScoringDuel(models.SeedLike, Batch, Steps, Batches);
        var comparison = Comparison.Of(effort.Long, duel.Contestants(withPort: true));
        report.Add(comparison, "scoring", $"batch {Batch}", $"T {Steps}");
        report.Add(duel.Differences(), "probability", "same class", "largest difference of an image's probabilities");
        report.Add(duel.Certainties(), "probability", "same class", "largest probability of an image");
        report.Set(Figure.Heun40Speedup, comparison.Ratio(ScoringDuel.Port, ScoringDuel.Own));
        report.Set(Figure.SameClassShare, duel.SameClassShare());
    }
}
