using System.IO.Compression;
using Microsoft.ML;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>What it costs to prove a model while it is loaded: unpacking with the hash of its weights and without.</summary>
internal sealed class ModelLoading(Effort effort, ModelPair models) : Section("load", "the hash of a model's weights against loading it")
{
    private const string Load = "load";
    private const string Unpack = "unpack";
    private const string UnpackAndHash = "unpack and hash";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        report.Set(Figure.HashShare, Measure(report, "default model", models.Default.Transformer));
        using var large = TrainedModel.Fit(
            ModelPair.DefaultOptions with { Backbone = NoPropBackbone.ResNet18 }, ImageTensors.Store(ModelPair.DefaultOptions.BatchSize));
        report.Set(Figure.HashShareOfResNet, Measure(report, "ResNet-18", large.Transformer));
    }

    private Spread Measure(SpeedReport report, string name, NoPropTransformer model)
    {
        var mlContext = new MLContext(seed: 1);
        using var zip = new MemoryStream();
        mlContext.Model.Save(model, mlContext.Data.LoadFromEnumerable(Array.Empty<FloatRow>()).Schema, zip);
        var comparison = Comparison.Of(
            effort.Short with { Time = 4 * effort.Short.Time }, // a difference of two times
            new Contestant(Load, _ =>
            {
                zip.Position = 0;
                ((IDisposable)mlContext.Model.Load(zip, out DataViewSchema _)).Dispose();
            }),
            new Contestant(Unpack, _ => Read(zip, static weights => weights.CopyTo(Stream.Null))),
            new Contestant(UnpackAndHash, _ => Read(zip, static weights =>
            {
                using var hashed = new HashedStream(weights);
                hashed.CopyTo(Stream.Null);
                hashed.Hash();
            })));
        report.Add(comparison, "load", name);
        return comparison.Share(UnpackAndHash, Unpack, Load);
    }

    private static void Read(MemoryStream zip, Action<Stream> read)
    {
        zip.Position = 0;
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
        using var weights = archive.Entries.Single(entry => entry.Name == ModelFile.WeightsName).Open();
        read(weights);
    }
}
