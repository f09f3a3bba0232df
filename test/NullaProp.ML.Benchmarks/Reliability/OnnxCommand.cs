using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>
/// <c>onnx</c>: every variant, image network and solver that a graph can say, scored by ONNX Runtime with its optimisations off and on, in
/// batches and row by row. No probability may differ by more than 1e-5 from the model's own, or 4e-4 with weights in half precision, and no
/// class.
/// </summary>
internal static class OnnxCommand
{
    private const double LargestDifference = 1e-5;
    private const double LargestHalfDifference = 4e-4;
    private const int BatchRows = 250;
    private const int RowsOfOneByOne = 20; // every so many rows one is also scored by itself

    private static readonly NoPropVariant[] Variants =
        [new ContinuousTime(), new DiscreteTime { BlockCount = 3 }, new FlowMatching(), new CrossEntropyBaseline()];

    private static readonly NoPropBackbone[] Backbones =
        [NoPropBackbone.SmallConv, NoPropBackbone.PaperConv, NoPropBackbone.ResNet18, NoPropBackbone.ResNet50, NoPropBackbone.Mlp];

    public static Command Create()
    {
        var rows = new Option<int>("--rows") { Description = "The number of images.", DefaultValueFactory = _ => 1_000 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command("onnx", "Compares ONNX files, run by ONNX Runtime, with their models. Takes minutes.")
        {
            rows, json,
        };
        command.SetAction(result => Run(result.GetValue(rows), result.GetValue(json)));
        return command;
    }

    private static int Run(int rows, string? json)
    {
        var report = new ReliabilityReport($"onnx --rows {rows}");
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(OnnxRow.Of).ToList());
        var watch = Stopwatch.StartNew();
        var differences = new List<double>();
        foreach (var (variant, backbone) in Variants.SelectMany(_ => Backbones, (variant, backbone) => (variant, backbone)))
        {
            var options = new NoPropOptions
            {
                Variant = variant,
                Backbone = backbone,
                Epochs = 1,
                BatchSize = 32,
                HiddenSize = 32,
                Seed = 1,
            };
            using var model = context.MulticlassClassification.Trainers.NoProp(options).Fit(context.Data.TakeRows(data, 200));
            foreach (var solver in Enum.GetValues<OdeSolver>().Where(solver => HasEffect(options, solver)))
            {
                using var solved = model.WithSampling(sampling => Solved(sampling, solver));
                differences.Add(Compare($"{variant.GetType().Name} · {backbone} · {solver}", solved, data, report));
            }
        }

        report.Set("combinations", differences.Count);
        report.Set("rows", rows);
        report.Set("largestDifference", differences.Aggregate(Math.Max));
        report.Set("seconds", Math.Round(watch.Elapsed.TotalSeconds, 1));
        return report.End(json);
    }

    private static Sampling Solved(Sampling sampling, OdeSolver solver) =>
        sampling with { Solver = solver, SolverSteps = solver == OdeSolver.Adaptive ? 16 : sampling.SolverSteps };

    // A variant without a solver refuses every choice of one but the default.
    private static bool HasEffect(NoPropOptions options, OdeSolver solver)
    {
        try
        {
            (options with { Sampling = Solved(options.Sampling, solver) }).Validate();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // Returns the largest difference of a probability in single precision.
    private static double Compare(string name, NoPropTransformer model, IDataView data, ReliabilityReport report)
    {
        var scored = model.Transform(data);
        var own = scored.GetColumn<float[]>("Score").ToArray();
        var images = data.GetColumn<float[]>("Features").ToArray();
        var file = File(model, OnnxPrecision.Full);
        var largest = 0.0;
        var others = 0;
        foreach (var level in new[] { GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL })
        {
            using var runtime = new OnnxBatches(file, level);
            var theirs = images.Chunk(BatchRows).SelectMany(runtime.Scores).ToArray();
            int[] chosen = [.. Enumerable.Range(0, images.Length).Where(row => row % RowsOfOneByOne == 0)];
            var oneByOne = chosen.Select(row => runtime.Scores([images[row]]).Single()).ToArray();
            largest = Math.Max(largest, Math.Max(Difference(own, theirs), Difference([.. chosen.Select(row => own[row])], oneByOne)));
            others += own.Zip(theirs, (a, b) => Best(a) != Best(b)).Count(isOther => isOther);
        }

        using var half = new OnnxBatches(File(model, OnnxPrecision.Half), GraphOptimizationLevel.ORT_ENABLE_ALL);
        var halfDifference = Difference(own, [.. images.Chunk(BatchRows).SelectMany(half.Scores)]);
        report.Set(name, new JsonObject
        {
            ["largestDifference"] = largest,
            ["otherClasses"] = others,
            ["largestDifferenceOfHalfPrecision"] = halfDifference,
        });
        Require(largest <= LargestDifference && others == 0, $"{name} differs by {largest:E1}, on {others} rows in the class.");
        Require(halfDifference <= LargestHalfDifference, $"{name} differs in half precision by {halfDifference:E1}.");
        return largest;

        void Require(bool holds, string sentence)
        {
            if (!holds)
            {
                report.Fell(sentence);
            }
        }
    }

    private static byte[] File(NoPropTransformer model, OnnxPrecision weights)
    {
        using var stream = new MemoryStream();
        model.SaveAsOnnx(stream, new OnnxExport { Weights = weights });
        return stream.ToArray();
    }

    private static double Difference(IEnumerable<float[]> own, IEnumerable<float[]> theirs) =>
        own.Zip(theirs, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Aggregate(Math.Max)).Aggregate(Math.Max); // with NaN

    private static int Best(float[] scores) => Array.IndexOf(scores, scores.Max());
}

/// <summary>A grey image of 8×8 pixels in four classes, made from its number: noise, and one quadrant a little brighter.</summary>
internal sealed class OnnxRow
{
    /// <summary>The height and width.</summary>
    public const int Side = 8;

    /// <summary>Gets or sets the class, as a key.</summary>
    [KeyType(4)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the pixels, 0 to 255.</summary>
    [VectorType(1, Side, Side)]
    public float[] Features { get; set; } = [];

    /// <summary>Returns the image of a number.</summary>
    public static OnnxRow Of(int number)
    {
        var random = new Random(number);
        var label = number % 4;
        return new OnnxRow
        {
            Label = (uint)label,
            Features = [.. Enumerable.Range(0, Side * Side).Select(i =>
                (float)(random.Next(190) + ((i / Side / 4 * 2) + (i % Side / 4) == label ? 65 : 0)))],
        };
    }
}

/// <summary>An ONNX file that scores batches.</summary>
/// <param name="file">The file.</param>
/// <param name="level">What the runtime may change in the graph.</param>
internal sealed class OnnxBatches(byte[] file, GraphOptimizationLevel level) : IDisposable
{
    private readonly InferenceSession _session = new(file, new SessionOptions { GraphOptimizationLevel = level });

    /// <summary>Returns the probabilities of each image.</summary>
    public IEnumerable<float[]> Scores(float[][] images)
    {
        var batch = new DenseTensor<float>(images.SelectMany(image => image).ToArray(), [images.Length, 1, OnnxRow.Side, OnnxRow.Side]);
        using var results = _session.Run([NamedOnnxValue.CreateFromTensor("image", batch)], ["scores"]);
        return [.. results.Single().AsEnumerable<float>().ToArray().Chunk(4)];
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
