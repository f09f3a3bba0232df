using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.StraightPort;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// One training step: the straight port, ours with the reference's settings and with our defaults, and the bare network forward and
/// backward. Ours also gathers its batch out of the byte store and scales it; the port is handed its batch ready to use.
/// </summary>
internal sealed class TrainingStep(Effort effort) : Section("train", "a training step, batch 256")
{
    private const int Batch = 256;
    private const string Port = "straight port";
    private const string Own = "ours";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var memory = new KeptMemory(); // as Fit does; for the port, too
        var images = ImageTensors.Store(16 * Batch);
        using var own = new OwnTraining(ModelPair.SeedOptions with { BatchSize = Batch }, images);
        using var ownDefault = new OwnTraining(ModelPair.DefaultOptions with { BatchSize = Batch }, images);
        using var ownFull = new OwnTraining(
            ModelPair.DefaultOptions with { BatchSize = Batch, BackbonePrecision = BackbonePrecision.Full },
            images);
        using var model = PortWeights.Copy(own.Network);
        using var generator = new Generator(1);
        using var port = new PortTraining(model, ModelPair.SeedOptions, generator);
        using var raw = ImageTensors.Raw(0, Batch);
        using var normalized = ImageTensors.Normalized(own.Network, raw);
        using var labels = ImageTensors.Labels(0, Batch);
        var comparison = Comparison.Of(
            effort.Short,
            [
                new Contestant(Port, _ => port.Step(normalized, labels)),
                new Contestant(Own, _ => own.Step()),
                new Contestant("ours, default settings", _ => ownDefault.Step()),
                new Contestant("ours, default settings in float32", _ => ownFull.Step()),
                .. BareNetwork.Backward(own.Network, model, normalized),
            ]);
        report.Add(comparison, "training", $"batch {Batch}");
        report.Set(Figure.TrainSpeedup, comparison.Ratio(Port, Own));
    }
}
