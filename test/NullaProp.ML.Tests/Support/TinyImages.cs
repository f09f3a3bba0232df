using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>
/// Grey 8×8 images, class c bright in quadrant c: separable, with noise, and whole numbers from 0 to 255 as a file would hold them.
/// </summary>
internal static class TinyImages
{
    public const int Side = 8;
    public const int Size = Side * Side;

    /// <summary>Gets the names of four classes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cat", "dog", "owl", "newt"];

    /// <summary>Options that train in a moment: a narrow network, two epochs, two solver steps.</summary>
    public static NoPropOptions Options { get; } = new()
    {
        Epochs = 2,
        BatchSize = 16,
        LearningRate = 0.01,
        HiddenSize = 16,
        Seed = 1,
        Sampling = new() { SolverSteps = 2 },
    };

    /// <summary>Returns the pixels of images whose classes take turns: 0, 1, …, 0, 1, ….</summary>
    public static IEnumerable<(float[] Pixels, int Class)> Pixels(int rows, int classes, int channels = 1, int seed = 0)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, rows).Select(row => (Draw(row % classes, channels, random), row % classes)).ToList();
    }

    /// <summary>Returns rows whose labels are made from the class numbers, from 0.</summary>
    public static List<ImageRow<TLabel>> Rows<TLabel>(int rows, int classes, Func<int, TLabel> label, int seed = 0) =>
        [.. Pixels(rows, classes, seed: seed).Select(
            image => new ImageRow<TLabel> { Features = image.Pixels, Label = label(image.Class) })];

    /// <summary>Returns the schema of rows whose images have so many channels.</summary>
    public static SchemaDefinition Sized<TLabel>(int channels)
    {
        var schema = SchemaDefinition.Create(typeof(ImageRow<TLabel>));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, channels, Side, Side);
        return schema;
    }

    /// <summary>Returns three classes with text labels, not mapped to keys yet.</summary>
    public static IDataView Texts(MLContext context, int rows = 48, int seed = 0) =>
        context.Data.LoadFromEnumerable(Rows(rows, 3, index => Names[index], seed));

    /// <summary>Returns three classes with a label key named by text.</summary>
    public static IDataView Keys(MLContext context, int rows = 48, int seed = 0) => WithKeys(context, Texts(context, rows, seed));

    /// <summary>Returns data with its Label column mapped to keys in the order of the values' first rows.</summary>
    public static IDataView WithKeys(MLContext context, IDataView data) =>
        context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);

    /// <summary>Returns the trainer with <see cref="Options"/>, changed where the test needs it.</summary>
    public static NoPropTrainer Trainer(MLContext context, Func<NoPropOptions, NoPropOptions>? change = null) =>
        context.MulticlassClassification.Trainers.NoProp(change is null ? Options : change(Options));

    /// <summary>Returns the score of an image by itself, through a data view of one row.</summary>
    public static object[] OneByOne(this ITransformer model, MLContext context, float[] pixels) =>
        Cells.Column(model.Transform(context.Data.LoadFromEnumerable([new UnlabelledRow { Features = pixels }])), "Score")[0];

    private static float[] Draw(int quadrant, int channels, Random random)
    {
        var pixels = new float[channels * Size];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (y, x) = Math.DivRem(i % Size, Side);
            var isBright = (y / (Side / 2) * 2) + (x / (Side / 2)) == quadrant;
            // half of the background is 0: worth a sparse vector
            pixels[i] = isBright ? random.Next(150, 256) : Math.Max(0, random.Next(-60, 60));
        }

        return pixels;
    }
}
