using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What a model of many classes takes of memory and time is linear in their number.</summary>
[TestClass]
public sealed class ManyClassesTests
{
    private const int Few = 2_000;
    private const int Many = 4 * Few;
    private const double MostRatio = 6; // linear: 4, quadratic: 16

    private static readonly Dictionary<string, NoPropOptions> Options = new()
    {
        ["one-hot"] = Tiny.Options,
        ["one-hot, leaves early"] = Tiny.Options with { Sampling = new() { EarlyExit = EarlyExit.WhenClassIsDecided } },
        ["learned"] = Tiny.Options with { Embedding = new() { Kind = EmbeddingKind.Learned } },
        ["one-hot, last state"] = Tiny.Options with { Sampling = new() { ScoreReadout = ScoreReadout.LastState } },
        ["learned, last state"] = Tiny.Options with
        {
            Embedding = new() { Kind = EmbeddingKind.Learned },
            Sampling = new() { ScoreReadout = ScoreReadout.LastState },
        },
        ["flow"] = Tiny.Options with { Variant = new FlowMatching() },
        ["flow, learned"] = Tiny.Options with { Variant = new FlowMatching(), Embedding = new() { Kind = EmbeddingKind.Learned } },
        ["flow, learned, leaves early"] = Tiny.Options with
        {
            Variant = new FlowMatching(),
            Embedding = new() { Kind = EmbeddingKind.Learned },
            Sampling = new() { EarlyExit = EarlyExit.WhenClassIsDecided },
        },
        ["discrete"] = Tiny.Options with { Variant = new DiscreteTime { BlockCount = 2 }, Sampling = new() },
        ["cross-entropy"] = Tiny.Options with { Variant = new CrossEntropyBaseline(), Sampling = new() },
    };

    public static IEnumerable<object[]> Kinds => Options.Keys.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void LoadAndScore_FourTimesTheClasses_TakeFourTimesTheMemory(string kind)
    {
        LoadAndScore(Options[kind], classes: 3); // what the first time takes

        var (few, many) = (LoadAndScore(Options[kind], Few), LoadAndScore(Options[kind], Many));

        Assert.IsLessThan(MostRatio * few, (double)many, $"{few:#,0} bytes for {Few} classes, {many:#,0} for {Many}");
    }

    // Some 6 MB of weights.
    [TestMethod]
    [DataRow(20_000)]
    [DataRow(47_000)]
    public void LoadAndScore_AsManyClassesAsNames_TakesSomeTimesItsWeights(int classes)
    {
        var weights = 4L * classes * 2 * Tiny.Options.HiddenSize; // the label's first layer and the last one

        var allocated = LoadAndScore(Tiny.Options, classes);

        Assert.IsLessThan((20 * weights) + (16L << 20), allocated);
    }

    // The managed memory that loading a model and scoring a row and a batch ask for.
    private static long LoadAndScore(NoPropOptions options, int classes)
    {
        var context = new MLContext(seed: 1);
        using var file = new MemoryStream();
        using (var model = Drawn(options, classes))
        {
            context.Model.Save(model, null, file);
        }

        file.Position = 0;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        using (var loaded = (NoPropTransformer)context.Model.Load(file, out _))
        {
            var (pixels, scores, alone) =
                (Enumerable.Range(0, 2).SelectMany(Tiny.Pixels).ToArray(), new float[2 * classes], new float[classes]);
            loaded.Scorer.Score(pixels.AsSpan(0, Tiny.Values), rows: 1, alone, disagreements: []);
            loaded.Scorer.Score(pixels, rows: 2, scores, disagreements: []);
            Assert.AreEqual(2, scores.Sum(score => (double)score), 1e-3);
            Assert.IsLessThan(1e-6, Differences.Largest(alone, scores.Take(classes)));
        }

        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    // As it is before training: drawn weights.
    private static NoPropTransformer Drawn(NoPropOptions options, int classes)
    {
        var (streams, shape) = (new RandomStreams(1), new ImageShape(1, 8, 8));
        var network = new Denoiser(Weights.Drawn(streams, CPU), options, shape, classes);
        var starts = PriorDraws.Of(options.Sampling.Draws, network.Embedding.Dimension, streams);
        var stored = new StoredModel(new(options, shape, classes, Keys: null, Seed: 1), network, starts);
        return new NoPropTransformer(new NoPropScorer(stored), new VectorDataViewType(NumberDataViewType.Single, 1, 8, 8));
    }
}
