using Microsoft.ML;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Randomness;

[TestClass]
public sealed class RandomStreamsTests
{
    private const int Epochs = 2;
    private const int Steps = 2;
    private const int Rows = 1100;
    private const int Numbers = 1024; // compared of each stream

    private static readonly string[] Changes =
        ["crop.down", "crop.right", "flip", "rotation", "resized-crop", "brightness", "contrast", "cutout"];
    private static readonly string[] Backbone =
    [
        "dropout/SCOPEbackbone.dropout1", "dropout/SCOPEbackbone.dropout2", "dropout/SCOPEbackbone.dropout3",
    ];

    // Each place is asked for once in a whole training: no two who draw share a stream, and none draws the same twice.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, "time noise readout")]
    [DataRow(VariantKind.DiscreteTime, "noise readout")]
    [DataRow(VariantKind.FlowMatching, "time start path")]
    [DataRow(VariantKind.CrossEntropyBaseline, "")]
    public void Of_WholeTraining_GivesEveryoneAStreamOfTheirOwn(VariantKind variant, string drawnByTheLoss)
    {
        var asked = Asked(variant);

        string[] passes = variant == VariantKind.DiscreteTime ? ["block1", "block2"] : [""];
        string[] ofSteps = [.. Changes, .. drawnByTheLoss.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. Backbone];
        var expected = passes.SelectMany(pass => Enumerable.Range(0, Epochs).SelectMany(epoch => (IEnumerable<(string, int, int)>)
        [
            (Scope(pass) + "order", epoch, 0),
            .. Enumerable.Range(0, Steps).SelectMany(step => ofSteps.Select(name =>
                (Scope(pass) + name.Replace("SCOPE", pass.Length == 0 ? "" : $"{pass}.", StringComparison.Ordinal), epoch, step))),
        ]));
        string[] once = variant == VariantKind.CrossEntropyBaseline ? [] : ["draws", "prototypes"];
        CollectionAssert.AreEquivalent(
            expected.Concat(once.Select(name => (name, 0, 0))).Select(place => $"{place}").ToArray(),
            asked.Where(place => !place.Name.StartsWith("weights/", StringComparison.Ordinal)).Select(place => $"{place}").ToArray());
        Assert.HasCount(asked.Count, asked.ToHashSet());
        Assert.IsGreaterThan(20, asked.Count(place => place.Name.StartsWith("weights/", StringComparison.Ordinal)));

        static string Scope(string pass) => pass.Length == 0 ? "training/" : $"training/{pass}/";
    }

    // The correlation of n independent pairs deviates by 1/√n; among 100,000 pairs of streams the largest is some 4.5 times that, and
    // beyond 6 times with odds of 2 in 10,000.
    [TestMethod]
    public void Of_AnyTwoPlacesOfATraining_AreUncorrelatedAndNeverEqual()
    {
        using var scope = NewDisposeScope();
        var places = Asked(VariantKind.DiscreteTime).Concat(Asked(VariantKind.FlowMatching)).Distinct().ToArray();
        var streams = new RandomStreams(1);

        var rows = stack([.. places.Select(place => Of(place).Uniform([Numbers], ScalarType.Float32))]); // (streams, n)

        var centred = (rows - 0.5) * Math.Sqrt(12);
        var correlations = centred.mm(centred.t()).div(Numbers).mul(1 - eye(places.Length)); // (streams, streams), none with itself
        Assert.IsGreaterThan(100, places.Length);
        Assert.IsLessThan(6 / Math.Sqrt(Numbers), correlations.abs().max().item<float>());
        Assert.HasCount(places.Length, places.Select(place => Of(place).Word64()).ToHashSet());
        var names = places.Select(place => place.Name).Distinct().ToArray();
        Assert.HasCount(names.Length, names.Select(streams.Key).ToHashSet());

        RandomStream Of((string Name, int Epoch, int Step) place) => streams.Of(place.Name, place.Epoch, place.Step);
    }

    // In one dimension in 256 each, so that a cosine of independent directions deviates by 1/16.
    [TestMethod]
    public void Of_StartsAndLearnedEmbeddings_PointNowhereTogether()
    {
        using var scope = NewDisposeScope();
        var options = NoPropOptions.JaxReference with { Sampling = NoPropOptions.JaxReference.Sampling with { Draws = 4 } };
        var streams = new RandomStreams(7);
        using var weights = Weights.Drawn(streams, CPU);
        var embedding = new ClassEmbedding(weights.Under("embedding"), options, TinyModel.Shape, classes: 10);

        var starts = PriorDraws.Of(options.Sampling.Draws, embedding.Dimension, streams).ToTensor();

        var cosines = nn.functional.normalize(starts, dim: 1).mm(nn.functional.normalize(embedding.Matrix(), dim: 1).t()); // (4, 10)
        Assert.IsLessThan(5 / Math.Sqrt(embedding.Dimension), cosines.abs().max().item<float>());
    }

    [TestMethod]
    public void Of_OneBlockMadeAlone_HasTheWeightsOfTheBlockAmongAll()
    {
        var options = TinyModel.Small(new NoPropOptions { Variant = new DiscreteTime { BlockCount = 7 } });
        using var all = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), options, TinyModel.Shape, 3);

        using var alone = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), options, TinyModel.Shape, 3, blocks: [6]);

        Assert.HasCount(1, alone.Blocks);
        Assert.AreEqual(all.Block(6).LabelScale, alone.Block(6).LabelScale);
        Assert.Contains("block7.head.output.weight", alone.Weights.Values.Select(weight => weight.Key));
        foreach (var (name, value) in alone.Weights.Values)
        {
            CollectionAssert.AreEqual(TinyModel.Weight(all, name).data<float>().ToArray(), value.data<float>().ToArray(), name);
        }
    }

    // Neither the order of the rows nor noise, times and changes of images come again.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Of_TrainingThatGoesOnFromAModel_NeverDrawsWhatMadeTheModel(VariantKind variant)
    {
        var (first, second) = (Asked(variant, trainings: 1), Asked(variant, trainings: 3));

        var drawn = second.Where(place => place.Name.Contains("training/", StringComparison.Ordinal)).ToArray();
        Assert.HasCount(3 * first.Count(place => place.Name.Contains("training/", StringComparison.Ordinal)), drawn);
        Assert.HasCount(drawn.Length, drawn.ToHashSet());
    }

    private static List<(string Name, int Epoch, int Step)> Asked(VariantKind variant, int trainings = 1)
    {
        var asked = new List<(string, int, int)>();
        var context = new MLContext();
        var options = TinyImages.Options with
        {
            Backbone = NoPropBackbone.PaperConv,
            Epochs = Epochs,
            BatchSize = Rows / Steps,
            MaxCachedBytes = 65_536, // smaller than all images: they are read as a stream
            Variant = variant.Create(new DiscreteTime { BlockCount = 2 }, new FlowMatching { PathNoise = 0.1 }),
            Embedding =
                TinyImages.Options.Embedding with
                {
                    Kind = EmbeddingKind.Learned,
                    Initialization = EmbeddingInitialization.FeatureMedoidBySum,
                },
            Augmentation =
                new()
                {
                    RandomCropPadding = 1,
                    HorizontalFlipProbability = 0.5,
                    RotationDegrees = 5,
                    RandomResizedCrop = 0.2,
                    BrightnessJitter = 0.1,
                    ContrastJitter = 0.1,
                    Cutout = 0.2,
                },
            Sampling = variant == VariantKind.CrossEntropyBaseline ? new() : TinyImages.Options.Sampling with { Draws = 2 },
        };
        var trainer = new NoPropTrainer(context, options, new NoPropRun())
        {
            StreamsOf = seed => new RandomStreams(seed) { Asked = (name, epoch, step) => asked.Add((name, epoch, step)) },
        };

        var models = new List<NoPropTransformer>();
        for (var training = 0; training < trainings; training++)
        {
            models.Add(trainer.Fit(TinyImages.Keys(context, Rows), new NoPropRun { Previous = models.LastOrDefault() }));
        }

        models.ForEach(model => model.Dispose());
        return asked;
    }
}
