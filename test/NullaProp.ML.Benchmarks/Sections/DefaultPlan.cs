using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.StraightPort;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The library's default plan, from raw pixels to probabilities, against the bare network on images already scaled.</summary>
internal sealed class DefaultPlan(Effort effort, ModelPair models) : Section("default", "the default plan against the bare CNN")
{
    private const int BarBatch = 256;
    private const string Plan = "default plan";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var runner = models.Default.Runner();
        using var plain = PortWeights.Copy(models.SeedLike.Network);
        foreach (var batch in ScoringGrid.Batches)
        {
            using var raw = ImageTensors.Raw(0, batch);
            using var normalized = ImageTensors.Normalized(models.Default.Network, raw);
            var rounds = (batch == BarBatch ? effort.Short : effort.Grid) with { Most = 500 };
            var comparison = Comparison.Of(
                rounds,
                [
                    new Contestant(Plan, _ => runner.Probabilities(raw).Dispose()),
                    .. BareNetwork.Forward(models.Default.Network, plain, normalized),
                ]);
            report.Add(comparison, "default plan", $"batch {batch}");
            if (batch == BarBatch)
            {
                var fastest = new[] { BareNetwork.Own, BareNetwork.Plain }.MinBy(name => comparison.Of(name).Median)!;
                report.Set(Figure.DefaultPlanShare, comparison.Ratio(fastest, Plan));
            }
        }
    }
}
