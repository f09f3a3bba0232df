using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// Heun's method at every batch size and number of steps, by the straight port and by ours; the cell of <see cref="HeunScoring"/> is left
/// to that.
/// </summary>
internal sealed class ScoringGrid(
    Effort effort,
    ModelPair models) : Section("grid", "Heun at batches 1 to 1,024 and T 5 to 40, against the straight port")
{
    private static readonly int[] Steps = [5, 10, 20, 40];

    /// <summary>Gets the batch sizes that are measured.</summary>
    public static IReadOnlyList<int> Batches { get; } = [1, 32, 256, 1024];

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        foreach (var (batch, steps) in Batches.SelectMany(batch => Steps.Select(steps => (batch, steps))).Where(cell => cell != (256, 40)))
        {
            using var duel = new ScoringDuel(models.SeedLike, batch, steps, batches: 1);
            var evaluations = (2 * steps) + 1;
            var comparison = Comparison.Of(effort.Grid, duel.Contestants(withPort: batch * evaluations <= effort.GridEvaluations));
            report.Add(comparison, "scoring", $"batch {batch}", $"T {steps}");
        }
    }
}
