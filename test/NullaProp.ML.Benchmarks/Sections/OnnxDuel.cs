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
        var batches = Compare(Batch, session, times: 60);
        var singles = Compare(1, session, times: 500);
        report.Add(batches, "onnx", $"60 batches of {Batch}");
        report.Add(singles, "onnx", "500 single images");
        report.Set(Figure.OnnxBatch, batches.Ratio(Theirs, Own)); // rates are the other way round
        report.Set(Figure.OnnxSingle, singles.Ratio(Own, Theirs));
    }

    // From pixels in memory to probabilities in memory, both. So many times in a row, for ONNX Runtime's threads go on waiting in a busy
    // loop for some 70 ms when our turn begins, and our first batches take twice as long meanwhile.
    private Comparison Compare(int rows, InferenceSession session, int times)
    {
        var (shape, classes) = (SyntheticImages.Shape, SyntheticImages.Classes);
        float[] pixels = [.. Enumerable.Range(0, rows).SelectMany(SyntheticImages.Pixels).Select(pixel => (float)pixel)];
        var (own, theirs) = (new float[rows * classes], new float[rows * classes]);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, [rows, shape.Channels, shape.Height, shape.Width]);
        using var output = OrtValue.CreateTensorValueFromMemory(theirs, [rows, classes]);
        return Comparison.Of(
            effort.Short,
            new Contestant(Own, _ => Repeat(times, () => models.Default.Transformer.Scorer.Score(pixels, rows, own, []))),
            new Contestant(Theirs, _ => Repeat(times, () => session.Run(options, ["image"], [input], ["scores"], [output]))));
    }

    private static void Repeat(int times, Action action)
    {
        for (var i = 0; i < times; i++)
        {
            action();
        }
    }
}
