namespace NullaProp.ML.Benchmarks.Reporting;

/// <summary>One of the figures that the project is held to.</summary>
/// <param name="Key">Its name in the JSON file.</param>
/// <param name="Meaning">What it says.</param>
/// <param name="Unit">Its unit; empty for a ratio.</param>
/// <param name="Bar">What it is held to; <see langword="null"/> where it only describes the machine.</param>
internal sealed record Figure(string Key, string Meaning, string Unit, Bar? Bar = null)
{
    public static readonly Figure TrainSpeedup = new("trainSpeedup", "training step, batch 256: straight port ÷ ours", "", Bar.AtLeast(3));
    public static readonly Figure ManyClasses = new(
        "manyClassesRatio",
        "training step of 4,000 one-hot classes, batch 256: ours ÷ the plain classifier's",
        "",
        Bar.AtMost(1.3));
    public static readonly Figure Heun40Speedup = new("heun40Speedup", "Heun T = 40, batch 256: straight port ÷ ours", "", Bar.AtLeast(60));
    public static readonly Figure SameClassShare = new(
        "sameClassShare",
        "of those images, the same class from both",
        "",
        Bar.AtLeast(0.999));
    public static readonly Figure DefaultPlanShare = new(
        "defaultPlanShareOfBareForward",
        "default plan, batch 256: its rate ÷ that of the fastest bare CNN forward",
        "",
        Bar.AtLeast(0.8));
    public static readonly Figure SingleDefault = new(
        "singleDefaultP50Milliseconds",
        "PredictionEngine, one image in memory, default plan",
        "ms",
        Bar.AtMost(1));
    public static readonly Figure SingleHeun40 = new(
        "singleHeun40P50Milliseconds",
        "PredictionEngine, one image in memory, Heun T = 40",
        "ms",
        Bar.AtMost(2));
    public static readonly Figure HashShare = new(
        "hashShareOfLoading",
        "what the hash of the weights adds to loading, default model",
        "",
        Bar.AtMost(0.03));
    public static readonly Figure HashShareOfResNet = new(
        "hashShareOfLoadingResNet18",
        "the same, ResNet-18 (45 MB)",
        "",
        Bar.AtMost(0.03));
    public static readonly Figure OnnxBatch = new(
        "oursPerOnnxBatch",
        "default plan, batch 256: our rate ÷ ONNX Runtime's",
        "",
        Bar.AtLeast(1));
    public static readonly Figure OnnxSingle = new(
        "oursPerOnnxSingle",
        "default plan, one image: our time ÷ ONNX Runtime's",
        "",
        Bar.AtMost(1));
    public static readonly Figure OnnxFeatures = new(
        "oursPerOnnxFeatures",
        "features of photos by the pretrained network, 16 at once: our rate ÷ ONNX Runtime's",
        "",
        Bar.AtLeast(0.9));
    public static readonly Figure OnnxFeaturesSingle = new(
        "oursPerOnnxFeaturesSingle",
        "features of one photo by the pretrained network: our time ÷ ONNX Runtime's",
        "",
        Bar.AtMost(1));
    public static readonly Figure PipelineFit = new(
        "pipelineFitRatio",
        "Fit through a pipeline ÷ the same training on images in memory",
        "",
        Bar.AtMost(1.05));
    public static readonly Figure Evaluate = new(
        "evaluateRatio",
        "Transform and Evaluate of 10,000 rows ÷ batched runner on tensors",
        "",
        Bar.AtMost(1.15));
    public static readonly Figure PeakFit = new(
        "peakFitMegabytes",
        "peak memory of a process that fits 60,000 images, 1 MB = 10⁶ bytes",
        "MB",
        Bar.AtMost(700));
    public static readonly Figure StreamPeak = new(
        "streamPeakRatio",
        "peak memory of a process that streams ten times the limit ÷ (limit + model)",
        "",
        Bar.AtMost(1.3));
    public static readonly Figure FirstPrediction = new(
        "firstPredictionMilliseconds",
        "process start to first prediction, model loaded from a file",
        "ms");
    public static readonly Figure FirstPredictionRatio = new(
        "firstPredictionRatio",
        "the same ÷ with a linear classifier of ML.NET's own",
        "");
    public static readonly Figure GemmFloat32 = new("gemmFloat32Gflops", "product of 2048² matrices, float32", "GFLOP/s");
    public static readonly Figure GemmBfloat16 = new("gemmBfloat16Gflops", "product of 2048² matrices, bfloat16", "GFLOP/s");

    /// <summary>Gets all figures, in the order of the report.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        TrainSpeedup, ManyClasses, Heun40Speedup, SameClassShare, DefaultPlanShare, SingleDefault, SingleHeun40,
        HashShare, HashShareOfResNet, OnnxBatch, OnnxSingle, OnnxFeatures, OnnxFeaturesSingle,
        PipelineFit, Evaluate,
        PeakFit, StreamPeak, FirstPrediction, FirstPredictionRatio,
        GemmFloat32, GemmBfloat16,
    ];
}
