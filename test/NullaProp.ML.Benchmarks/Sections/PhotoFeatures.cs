using Microsoft.ML.OnnxRuntime;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// The pretrained residual network on photos of 224×224: the library's, and the package's files run by ONNX Runtime on as many threads.
/// </summary>
internal sealed class PhotoFeatures(Effort effort) : Section("features", "the pretrained network against ONNX Runtime")
{
    private const string Own = "ours";
    private const string Theirs = "ONNX Runtime";
    private const int Batch = 16; // what training and scoring hand on
    private const int Times = 4;

    private static string Folder => Path.Combine(AppContext.BaseDirectory, PretrainedPackage.Folder);

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var trunk = new FrozenTrunk(PretrainedPackage.Read(Folder), CPU);
        using var options = new SessionOptions { IntraOpNumThreads = get_num_threads() };
        using var network = new InferenceSession(Path.Combine(Folder, PretrainedPackage.NetworkFile), options);
        var batches = Compare(Batch, trunk, network);
        report.Add(batches, "features", $"{Times} times {Batch} photos");
        report.Set(Figure.OnnxFeatures, batches.Ratio(Theirs, Own)); // rates are the other way round
        var singles = Compare(1, trunk, network);
        report.Add(singles, "features", $"{Times * Batch} times one photo");
        report.Set(Figure.OnnxFeaturesSingle, singles.Ratio(Own, Theirs));
    }

    // The package's file takes one photo at a time. The mean photo is not taken off for it, which is a copy of memory less.
    private Comparison Compare(int rows, FrozenTrunk trunk, InferenceSession network)
    {
        var shape = PretrainedBackbone.Shape;
        float[] pixels = [.. Enumerable.Range(0, rows * shape.Size).Select(i => (float)(128 + (90 * Math.Sin(i * 0.013))))];
        var (own, theirs) = (new float[rows * PretrainedBackbone.FeatureCount], new float[PretrainedBackbone.FeatureCount]);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, [1, shape.Channels, shape.Height, shape.Width]);
        long[] outputShape = [1, .. network.OutputMetadata.Values.Single().Dimensions.Skip(1).Select(size => (long)size)];
        using var output = OrtValue.CreateTensorValueFromMemory(theirs, outputShape);
        string[] inputs = [network.InputMetadata.Keys.Single()], outputs = [network.OutputMetadata.Keys.Single()];
        return Comparison.Of(
            effort.Short with { Most = 30 },
            new Contestant(Own, _ => Repeat(() => trunk.Features(pixels, own))),
            new Contestant(Theirs, _ => Repeat(All)));

        // So many in a row that it counts little whose threads still spin (OnnxDuel).
        void Repeat(Action action)
        {
            for (var photos = 0; photos < Times * Batch; photos += rows)
            {
                action();
            }
        }

        void All()
        {
            for (var row = 0; row < rows; row++)
            {
                network.Run(options, inputs, [input], outputs, [output]);
            }
        }
    }
}
