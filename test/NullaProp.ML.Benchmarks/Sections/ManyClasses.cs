using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Training;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>A training step of a model of thousands of classes, with one-hot labels, and one of the plain classifier of as many.</summary>
internal sealed class ManyClasses(Effort effort) : Section("classes", "a training step of 4,000 classes, batch 256")
{
    private const int Batch = 256;
    private const int Classes = 4_000;
    private const string Own = "ours, default settings";
    private const string Plain = "plain cross-entropy";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var memory = new KeptMemory(); // as Fit does
        var images = ImageTensors.Store(16 * Batch);
        var options = ModelPair.DefaultOptions with { BatchSize = Batch };
        using var own = new OwnTraining(options, images, Classes);
        using var plain = new OwnTraining(options with { Variant = new CrossEntropyBaseline() }, images, Classes);
        var comparison = Comparison.Of(effort.Short, new Contestant(Own, _ => own.Step()), new Contestant(Plain, _ => plain.Step()));
        report.Add(comparison, "training", $"batch {Batch}, {Classes} classes");
        report.Set(Figure.ManyClasses, comparison.Ratio(Own, Plain));
    }
}
