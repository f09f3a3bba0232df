using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests;

/// <summary>Scores and disagreement of draws, row by row and in a batch, against one runner a draw.</summary>
[TestClass]
public sealed class NoPropScorerTests
{
    private const int Rows = 32;
    private const int Classes = 3;
    private const int Size = 64;

    private static readonly NoPropOptions Options =
        TinyModel.Small(new NoPropOptions
        {
            Embedding = new() { Kind = EmbeddingKind.Learned },
            Sampling = new() { Draws = 64, DisagreementColumnName = "Disagreement" },
        });

    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, ScoreReadout.PathMean)]
    [DataRow(VariantKind.ContinuousTime, ScoreReadout.FirstPrediction)]
    [DataRow(VariantKind.DiscreteTime, ScoreReadout.PathMean)]
    [DataRow(VariantKind.FlowMatching, ScoreReadout.PathMean)]
    public void Score_SeveralDraws_GivesTheShareOfDrawsThatDisagree(VariantKind variant, ScoreReadout readout)
    {
        // blocks that hear the noisy label
        using var scorer =
            Scorer(Options with
            {
                Variant = variant.Create(new DiscreteTime { BlockMaxLogSnr = null }),
                Sampling = Options.Sampling with { ScoreReadout = readout },
            });
        var pixels = Pixels();
        var (scores, disagreements) = (new float[Rows * Classes], new float[Rows]);

        scorer.Score(pixels, Rows, scores, disagreements);

        CollectionAssert.AreEqual(Expected(scorer.Model, pixels, scores), disagreements);
        Assert.IsTrue(disagreements.Any(share => share > 0), "all draws agree: nothing was tested");
    }

    [TestMethod]
    public void Score_RowAlone_GivesTheDisagreementOfTheBatch()
    {
        using var scorer = Scorer(Options);
        var pixels = Pixels();
        var (scores, together) = (new float[Rows * Classes], new float[Rows]);
        scorer.Score(pixels, Rows, scores, together);
        var alone = new float[Rows];

        for (var row = 0; row < Rows; row++)
        {
            scorer.Score(pixels.AsSpan(row * Size, Size), 1, scores.AsSpan(0, Classes), alone.AsSpan(row, 1));
        }

        CollectionAssert.AreEqual(together, alone);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(Rows)]
    public void Score_DisagreementAskedForOrNot_ChangesNoBitOfTheScores(int rows)
    {
        using var scorer = Scorer(Options);
        var pixels = Pixels().AsSpan(0, rows * Size);
        var (with, without) = (new float[rows * Classes], new float[rows * Classes]);

        scorer.Score(pixels, rows, with, new float[rows]);
        scorer.Score(pixels, rows, without, []);

        CollectionAssert.AreEqual(without, with);
    }

    [TestMethod]
    public void Score_WithDisagreement_LeavesNoTensorAlive()
    {
        var before = LiveTensors;

        using (var scorer = Scorer(Options))
        {
            scorer.Score(Pixels(), Rows, new float[Rows * Classes], new float[Rows]); // what batches need is made by the first one
            var held = LiveTensors;
            scorer.Score(Pixels(), Rows, new float[Rows * Classes], new float[Rows]);
            scorer.Score(new float[Size], 1, new float[Classes], new float[1]);
            Assert.AreEqual(held, LiveTensors);
        }

        Assert.AreEqual(before, LiveTensors);
    }

    // Who asks for a plan that cannot be is no user of the network, which is freed when the last of them leaves.
    [TestMethod]
    public void With_OptionsWithoutAPlan_LeavesNoTensorAliveAfterDispose()
    {
        var before = LiveTensors;

        using (var scorer = Scorer(Options))
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => scorer.With(Options with { Sampling = Options.Sampling with { Solver = (OdeSolver)99 } }));
        }

        Assert.AreEqual(before, LiveTensors);
    }

    [TestMethod]
    public void Create_OptionsWithoutAPlan_FreesTheNetwork()
    {
        var before = LiveTensors;
        var network = TinyModel.Create(Options, Classes);
        var starts = PriorDraws.Of(0, network.Embedding.Dimension, new RandomStreams(4));
        var model = new StoredModel(
            new(
                Options with { Sampling = Options.Sampling with { Solver = (OdeSolver)99 } },
                TinyModel.Shape,
                Classes,
                Keys: null,
                Seed: 4),
            network,
            starts);

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new NoPropScorer(model));

        Assert.AreEqual(before, LiveTensors);
    }

    // The start of each draw, and the noise of its way: another way has another number.
    [TestMethod]
    public void With_OtherDrawsOrAnotherWay_StartsAsAScorerOfThatWay()
    {
        var options = Options with
        {
            Sampling = new() { Dynamics = FlowDynamics.Ancestral, Solver = OdeSolver.ExponentialEuler, SolverSteps = 4, Draws = 2 },
        };
        using var scorer = Scorer(options);

        foreach (var sampling in new[] { options.Sampling with { SolverSteps = 8 }, options.Sampling with { Draws = 5 } })
        {
            using var other = scorer.With(options with { Sampling = sampling });

            var noises = PlanCompiler.For(other.Model.Network, other.Model.Options).NoiseCount;
            var expected = PriorDraws.Of(sampling.Draws, other.Model.Network.Embedding.Dimension, new RandomStreams(4), noises);
            CollectionAssert.AreEqual(expected.Shape, other.Model.Starts.Shape);
            CollectionAssert.AreEqual(expected.Values, other.Model.Starts.Values);
        }
    }

    private static NoPropScorer Scorer(NoPropOptions options)
    {
        var network = TinyModel.Create(options, Classes);
        var noises = PlanCompiler.For(network, options).NoiseCount;
        // far apart, so that draws disagree in an untrained network
        var starts = PriorDraws.Of(options.Sampling.Draws, network.Embedding.Dimension, new RandomStreams(4), noises);
        starts = new(starts.Shape, [.. starts.Values.Select(value => 5 * value)]);
        return new NoPropScorer(new StoredModel(new(options, TinyModel.Shape, Classes, Keys: null, Seed: 4), network, starts));
    }

    // Each draw by a runner of its own; the class is the first of the largest probabilities.
    private static float[] Expected(StoredModel model, float[] pixels, float[] scores)
    {
        using var scope = NewDisposeScope();
        var batch = tensor(pixels).view(Rows, 1, 8, 8);
        var plan = PlanCompiler.For(model.Network, model.Options);
        var differing = new float[Rows];
        var ofOneDraw = model.Starts.Rows / model.Options.Sampling.Draws; // the start, and the noise on the way
        for (var draw = 0; draw < model.Options.Sampling.Draws; draw++)
        {
            using var single = new TorchRunner(model.Network, plan, model.Starts.RowRange(draw * ofOneDraw, ofOneDraw));
            var own = single.Probabilities(batch).data<float>().ToArray();
            for (var row = 0; row < Rows; row++)
            {
                differing[row] += ClassOf(own, row) == ClassOf(scores, row) ? 0 : 1;
            }
        }

        return [.. differing.Select(count => count / model.Options.Sampling.Draws)];
    }

    private static int ClassOf(float[] scores, int row)
    {
        var own = scores[(row * Classes)..((row + 1) * Classes)];
        return Array.IndexOf(own, own.Max());
    }

    private static float[] Pixels()
    {
        using var generator = new Generator(3);
        using var pixels = TinyModel.Pixels(Rows, generator).mul_(10);
        return [.. pixels.data<float>()];
    }
}
