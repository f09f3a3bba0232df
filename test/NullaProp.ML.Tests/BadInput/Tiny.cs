using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>The smallest things that train: dark and bright images of 8×8 pixels, and options that take milliseconds.</summary>
internal static class Tiny
{
    public const int Values = 64;

    /// <summary>A label above the last class, which ML.NET reads as a missing one: keys of enumerables count from 0.</summary>
    public const uint NoLabel = 2;

    public static NoPropOptions Options { get; } = new()
    {
        Epochs = 1,
        BatchSize = 4,
        HiddenSize = 16,
        Seed = 1,
        Sampling = new() { SolverSteps = 2 },
    };

    public static NoPropTrainer Trainer(MLContext context, NoPropOptions? options = null) =>
        context.MulticlassClassification.Trainers.NoProp(options ?? Options);

    public static List<Photo> Photos(int count = 8) => [.. Enumerable.Range(0, count).Select(Photo)];

    public static Photo Photo(int number) => new()
    {
        Label = (uint)number % 2,
        Features = Pixels(number),
        Name = $"photo {number}",
    };

    /// <summary>Returns whole numbers from 0 to 255, dark for even and bright for odd images.</summary>
    public static float[] Pixels(int number) =>
        [.. Enumerable.Range(0, Values).Select(i => (float)((number % 2 * 150) + (((number * 31) + (i * 17)) % 100)))];

    public static IDataView Data(MLContext context, int count = 8) => context.Data.LoadFromEnumerable(Photos(count));

    public static NoPropTransformer Model(MLContext context, NoPropOptions? options = null) => Trainer(context, options).Fit(Data(context));

    /// <summary>Returns the class probabilities of all rows.</summary>
    public static float[][] Scores(MLContext context, ITransformer model, IEnumerable<Photo> photos) =>
        Scores(context, model.Transform(context.Data.LoadFromEnumerable(photos)));

    public static float[][] Scores(MLContext context, IDataView scored) =>
        [.. context.Data.CreateEnumerable<Scored>(scored, reuseRowObject: false, ignoreMissingColumns: true).Select(row => row.Score)];

    /// <summary>Checks that a model scores as it should: probabilities, and the same as before.</summary>
    public static void AssertScores(MLContext context, ITransformer model, float[][]? before = null)
    {
        var scores = Scores(context, model, Photos());
        Assert.HasCount(8, scores);
        foreach (var (row, i) in scores.Select((row, i) => (row, i)))
        {
            Assert.AreEqual(1, row.Sum(), 1e-5); // a sum of single-precision numbers
            if (before is not null)
            {
                CollectionAssert.AreEqual(before[i], row);
            }
        }
    }

    /// <summary>Checks scores of one row, read alone and in a batch: libtorch adds up in another order for each.</summary>
    public static void AssertEqual(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], 1e-6);
        }
    }

    /// <summary>Checks that a trainer still trains.</summary>
    public static void AssertTrains(MLContext context, NoPropTrainer trainer)
    {
        using var model = trainer.Fit(Data(context));
        AssertScores(context, model);
    }
}

/// <summary>A grey image in memory.</summary>
internal sealed class Photo
{
    [KeyType(2)]
    public uint Label { get; set; }

    [VectorType(1, 8, 8)]
    public float[] Features { get; set; } = [];

    public string Name { get; set; } = string.Empty;
}

/// <summary>What a model adds.</summary>
internal sealed class Scored
{
    public uint PredictedLabel { get; set; }

    public float[] Score { get; set; } = [];
}
