using Microsoft.ML.OnnxRuntime;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The default model by our own backends, and by ONNX Runtime from the file that it is exported to, on as many threads.</summary>
internal sealed class OnnxDuel(Effort effort, ModelPair models) : Section("onnx", "the default plan against ONNX Runtime")
{
    private const string Own = "ours";
    private const string Theirs = "ONNX Runtime";
    private const int Batch = 256;

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var file = new MemoryStream();
        models.Default.Transformer.SaveAsOnnx(file, new OnnxExport { ClassName = null });
        using var options = new SessionOptions { IntraOpNumThreads = get_num_threads() };
        using var session = new InferenceSession(file.ToArray(), options);
        var batches = Compare(Batch, session, effort.Short with { Most = 500 });
        var singles = Compare(1, session, effort.Short);
        report.Add(batches, "onnx", $"batch {Batch}");
        report.Add(singles, "onnx", "single image");
        report.Set(Figure.OnnxBatch, batches.Ratio(Theirs, Own)); // rates are the other way round
        report.Set(Figure.OnnxSingle, singles.Ratio(Own, Theirs));
    }

    // From pixels in memory to probabilities in memory, both.
    private Comparison Compare(int rows, InferenceSession session, Rounds rounds)
    {
        var (shape, classes) = (SyntheticImages.Shape, SyntheticImages.Classes);
        float[] pixels = [.. Enumerable.Range(0, rows).SelectMany(SyntheticImages.Pixels).Select(pixel => (float)pixel)];
        var (own, theirs) = (new float[rows * classes], new float[rows * classes]);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, [rows, shape.Channels, shape.Height, shape.Width]);
        using var output = OrtValue.CreateTensorValueFromMemory(theirs, [rows, classes]);
        return Comparison.Of(
            rounds,
            new Contestant(Own, _ => models.Default.Transformer.Scorer.Score(pixels, rows, own, [])),
            new Contestant(Theirs, _ => session.Run(options, ["image"], [input], ["scores"], [output])));
    }
}
