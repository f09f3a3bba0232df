using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>A grey image of 8×8 pixels in two classes, made from its number: dark ones and bright ones.</summary>
internal sealed class SmallRow
{
    private const int Values = 64;

    /// <summary>Gets or sets the class, as a key: the class from 0, which ML.NET counts up by one.</summary>
    [KeyType(2)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the class by its name.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Gets or sets the pixels, 0 to 255.</summary>
    [VectorType(1, 8, 8)]
    public float[] Features { get; set; } = [];

    /// <summary>Returns the image of a number.</summary>
    public static SmallRow Of(int number) => new()
    {
        Label = (uint)number % 2,
        Name = number % 2 == 0 ? "dark" : "bright",
        Features = [.. Enumerable.Range(0, Values).Select(i => (float)((number % 2 * 150) + (((number * 31) + (i * 17)) % 100)))],
    };
}

/// <summary>Models that train in milliseconds: each variant, small backbones, and what else a file can hold.</summary>
internal static class SmallModels
{
    private const int Rows = 8;

    private static readonly NoPropOptions Usual = new() { Epochs = 1, BatchSize = 4, HiddenSize = 16, Seed = 1 };

    /// <summary>Gets the options by name.</summary>
    public static IReadOnlyList<(string Name, NoPropOptions Options)> All { get; } =
    [
        ("continuous", Usual with { Sampling = new() { SolverSteps = 2 } }),
        ("continuous-draws", Usual with { Sampling = new() { SolverSteps = 2, Draws = 2, EntropyColumnName = "Entropy" } }),
        ("continuous-learned", Usual with { Embedding = new() { Kind = EmbeddingKind.Learned }, Sampling = new() { SolverSteps = 2 } }),
        ("continuous-table", Usual with { Backbone = NoPropBackbone.Mlp, Sampling = new() { SolverSteps = 2 } }),
        ("continuous-paper", Usual with { Backbone = NoPropBackbone.PaperConv, Sampling = new() { SolverSteps = 2 } }),
        ("discrete", Usual with { Variant = new DiscreteTime { BlockCount = 2 } }),
        ("flow", Usual with { Variant = new FlowMatching(), Sampling = new() { SolverSteps = 2 } }),
        ("cross-entropy", Usual with { Variant = new CrossEntropyBaseline() }),
    ];

    /// <summary>
    /// Gets what makes each model that a file can hold, by name: all of those above, a chain, where ML.NET reads entries of its own
    /// transformers, and a residual network, whose file is a thousand times as large.
    /// </summary>
    public static IReadOnlyList<(string Name, Func<MLContext, ITransformer> Train)> InFiles { get; } =
    [
        .. All.Select(model => (model.Name, (Func<MLContext, ITransformer>)(context => Train(context, model.Options)))),
        ("chain", Chain),
        ("resnet", context => Train(context, Usual with { Backbone = NoPropBackbone.ResNet18, Variant = new CrossEntropyBaseline() })),
    ];

    /// <summary>Gets the options of the smallest one.</summary>
    public static NoPropOptions Smallest => All[0].Options;

    /// <summary>Returns the training data.</summary>
    public static IDataView Data(MLContext context) => context.Data.LoadFromEnumerable(Enumerable.Range(0, Rows).Select(SmallRow.Of));

    /// <summary>Trains a model; the caller disposes of it.</summary>
    public static NoPropTransformer Train(MLContext context, NoPropOptions options) =>
        context.MulticlassClassification.Trainers.NoProp(options).Fit(Data(context));

    // Class names to keys and back.
    private static TransformerChain<KeyToValueMappingTransformer> Chain(MLContext context) =>
        new EstimatorChain<ITransformer>()
            .Append(context.Transforms.Conversion.MapValueToKey(nameof(SmallRow.Label), nameof(SmallRow.Name)))
            .Append(context.MulticlassClassification.Trainers.NoProp(Smallest))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedName", Smallest.PredictedLabelColumnName))
            .Fit(Data(context));

    /// <summary>Returns the probabilities of a few rows, each scored by itself.</summary>
    public static float[] Scores(MLContext context, ITransformer model)
    {
        using var engine = context.Model.CreatePredictionEngine<SmallRow, Workloads.RowPrediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false });
        return [.. Enumerable.Range(0, 3).SelectMany(number => engine.Predict(SmallRow.Of(number)).Score.ToArray())];
    }

    /// <summary>Returns the probabilities of all rows, scored as a batch.</summary>
    public static float[] BatchScores(MLContext context, ITransformer model) =>
        [.. model.Transform(Data(context)).GetColumn<float[]>("Score").SelectMany(scores => scores)];
}
