using Microsoft.ML;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using TorchSharp;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What a path shows, against scores by the options that end or read a way in other places.</summary>
[TestClass]
public sealed class DenoisingPathTests
{
    private static readonly MLContext Context = new(seed: 1);

    public static IEnumerable<object[]> StraightWays =>
    [
        [VariantKind.ContinuousTime, new Sampling()],
        [VariantKind.ContinuousTime, new Sampling { Draws = 3, Solver = OdeSolver.ExponentialEuler, SolverSteps = 3 }],
        [VariantKind.DiscreteTime, new Sampling()],
        [VariantKind.DiscreteTime, new Sampling { Draws = 2 }],
        [VariantKind.FlowMatching, new Sampling()],
    ];


    // Random ways beside: whose starts are others where fewer numbers are stored, as for a single evaluation.
    public static IEnumerable<object[]> Ways =>
    [
        .. StraightWays,
        [VariantKind.ContinuousTime,
            new Sampling { Draws = 2, Dynamics = FlowDynamics.Ancestral, Solver = OdeSolver.ExponentialEuler, SolverSteps = 3 }],
    ];

    [TestMethod]
    [DynamicData(nameof(Ways))]
    public void DenoisingPath_AnyWay_HasTheMeanThatTheModelScores(VariantKind variant, Sampling sampling)
    {
        using var model = Model(variant, sampling);

        var path = model.DenoisingPath(Data);

        var scores = Scores(model);
        for (var row = 0; row < scores.Length; row++)
        {
            var mean = Enumerable.Range(0, 2).Select(k => path.SkipLast(1).Average(point => point.Predictions[row][k])).ToArray();
            AssertClose(scores[row], mean);
            AssertClose(scores[row], path[^1].Predictions[row]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(StraightWays))]
    public void DenoisingPath_FirstAndLastPoint_AreThoseOfTheReadOuts(VariantKind variant, Sampling sampling)
    {
        using var model = Model(variant, sampling);
        using var first = model.WithSampling(_ => sampling with { ScoreReadout = ScoreReadout.FirstPrediction });
        using var last = model.WithSampling(_ => sampling with { ScoreReadout = ScoreReadout.LastState });

        var path = model.DenoisingPath(Data);

        AssertClose(Scores(first)[1], path[0].Predictions[1]);
        AssertClose(Scores(last)[1], path[^1].NoisyLabels[1]);
    }

    // Five dimensions, of which the embeddings of two classes span two: a trained read-out sees what a start has in the others.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void DenoisingPath_StartsOutsideTheSpan_BeginsWithWhatTheyThemselvesSay(VariantKind variant)
    {
        using var model = Tiny.Model(Context, Tiny.Options with
        {
            Variant = variant.Create(
                new ContinuousTime { ReadoutLoss = ReadoutLoss.Linear },
                new FlowMatching { ReadoutLoss = ReadoutLoss.Linear, PathNoise = 0 }),
            Sampling = new() { Draws = 3 },
            Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 5 },
        });

        var start = model.DenoisingPath(Data)[0];

        AssertClose(ReadOfStarts(model.Scorer.Model), start.NoisyLabels[0]);
    }

    // z₀ = 0 is as near to each class.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void DenoisingPath_StartAtTheMean_SaysNothing(VariantKind variant)
    {
        using var model = Model(variant, new Sampling());

        var start = model.DenoisingPath(Data)[0];

        Assert.AreEqual(0, start.Time);
        AssertClose([0.5f, 0.5f], start.NoisyLabels[0]);
    }

    [TestMethod]
    public void DenoisingPath_AnyWay_RunsFromZeroToOne()
    {
        using var model = Model(VariantKind.ContinuousTime, new Sampling { Solver = OdeSolver.ExponentialEuler, SolverSteps = 4 });

        var times = model.DenoisingPath(Data).Select(point => point.Time).ToArray();

        CollectionAssert.AreEqual(new[] { 0, 0.25, 0.5, 0.75, 1 }, times);
    }

    // What the noisy label says at a time does not depend on how the score is read from the way.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, ScoreReadout.LastPrediction, 5, 1.0)]
    [DataRow(VariantKind.ContinuousTime, ScoreReadout.FirstPrediction, 1, 0.0)]
    [DataRow(VariantKind.ContinuousTime, ScoreReadout.LastState, 4, 1.0)]
    [DataRow(VariantKind.FlowMatching, ScoreReadout.LastPrediction, 4, 1.0)]
    [DataRow(VariantKind.DiscreteTime, ScoreReadout.LastPrediction, 3, 1.0)]
    [DataRow(VariantKind.DiscreteTime, ScoreReadout.FirstPrediction, 1, 1 / 3.0)]
    public void DenoisingPath_AnyReadOut_EndsWhereItsWayDoes(VariantKind variant, ScoreReadout readout, int evaluations, double time)
    {
        var sampling = variant == VariantKind.DiscreteTime
            ? new Sampling { Draws = 2 }
            : new Sampling { Draws = 2, Solver = OdeSolver.ExponentialEuler, SolverSteps = 4 };
        using var model = Model(variant, sampling);
        using var other = model.WithSampling(_ => sampling with { ScoreReadout = readout });
        var whole = model.DenoisingPath(Data);

        var path = other.DenoisingPath(Data);

        Assert.HasCount(evaluations + 1, path);
        Assert.AreEqual(time, path[^1].Time, 1e-12);
        AssertClose(Scores(other)[1], path[^1].Predictions[1]);
        foreach (var point in path)
        {
            AssertClose(whole.Last(of => Math.Abs(of.Time - point.Time) < 1e-12).NoisyLabels[1], point.NoisyLabels[1]);
        }
    }

    // A trained read-out sees what a start has outside the span of the embeddings: it shrinks on the way.
    [TestMethod]
    public void DenoisingPath_FlowMatchingThatEndsEarly_SaysWhatTheWholeWaySaysThere()
    {
        var sampling = new Sampling { Draws = 3, Solver = OdeSolver.Euler, SolverSteps = 4 };
        using var model = Tiny.Model(Context, Tiny.Options with
        {
            Variant = new FlowMatching { ReadoutLoss = ReadoutLoss.Linear },
            Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 5 },
            Sampling = sampling,
        });
        using var noisy = model.WithSampling(_ => sampling with { ScoreReadout = ScoreReadout.NoisyPathMean, ReadoutMaxLogSnr = 0 });
        var whole = model.DenoisingPath(Data);

        var part = noisy.DenoisingPath(Data);

        Assert.AreEqual(0.75, part[^1].Time, 1e-12); // the last one with more noise than label is at a half
        AssertClose(whole.Single(point => point.Time == part[^1].Time).NoisyLabels[1], part[^1].NoisyLabels[1]);
    }

    [TestMethod]
    public void DenoisingPath_PlainClassifier_SaysThatItGoesNoWay()
    {
        using var model = Model(VariantKind.CrossEntropyBaseline, new Sampling());

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => model.DenoisingPath(Data));

        StringAssert.Contains(fault.Message, "goes no way from noise to label");
    }

    // Each point reads the data: what is used up by the first reading has none for the others.
    [TestMethod]
    public void DenoisingPath_DataThatCanBeReadOnce_SaysSo()
    {
        using var model = Model(VariantKind.ContinuousTime, new Sampling());
        var rows = new Queue<Photo>(Tiny.Photos());
        var data = Context.Data.LoadFromEnumerable(Emptied());

        Fault.Of<InvalidOperationException>(() => model.DenoisingPath(data), "rows when first read and 0 when read again. Save it first");

        IEnumerable<Photo> Emptied()
        {
            while (rows.TryDequeue(out var row))
            {
                yield return row;
            }
        }
    }

    [TestMethod]
    public void DenoisingPath_ModelDisposedOf_Throws()
    {
        var model = Model(VariantKind.ContinuousTime, new Sampling());
        model.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => model.DenoisingPath(Data));
    }

    private static IDataView Data => Tiny.Data(Context);

    private static NoPropTransformer Model(VariantKind variant, Sampling sampling) =>
        Tiny.Model(Context, Tiny.Options with { Variant = variant.Create(new DiscreteTime { BlockCount = 3 }), Sampling = sampling });

    // The mean of what the trained layer makes of each start.
    private static float[] ReadOfStarts(StoredModel model)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        var weights = model.Network.Weights.Values.ToDictionary(weight => weight.Key, weight => weight.Value);
        var logits = model.Starts.ToTensor().mm(weights["readout.weight"].t()) + weights["readout.bias"];
        return torch.nn.functional.softmax(logits, 1).mean([0]).data<float>().ToArray();
    }

    private static float[][] Scores(NoPropTransformer model) => Tiny.Scores(Context, model, Tiny.Photos());

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (var k = 0; k < expected.Length; k++)
        {
            Assert.AreEqual(expected[k], actual[k], 1e-5);
        }
    }
}
