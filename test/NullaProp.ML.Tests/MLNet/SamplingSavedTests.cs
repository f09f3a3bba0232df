using Microsoft.ML;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Every way to score that the options allow goes through a file: the draws that are stored are those that are read.</summary>
[TestClass]
public sealed class SamplingSavedTests
{
    private static readonly MLContext Context = new(seed: 1);

    public static IEnumerable<object[]> Models =>
    [
        [new ContinuousTime()],
        [new ContinuousTime { NoiseSchedule = NoiseScheduleKind.Learned }],
        [new DiscreteTime { BlockCount = 3 }],
        [new FlowMatching()],
    ];

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Load_AnySampling_ScoresTheSame(NoPropVariant variant)
    {
        var data = Tiny.Data(Context);
        using var model = Tiny.Model(Context, Tiny.Options with { Variant = variant });
        var allowed = 0;
        foreach (var sampling in Samplings(model.Model.Options))
        {
            allowed++;
            using var other = model.WithSampling(_ => sampling);

            using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, other, data.Schema);

            var (expected, found) = (Tiny.Scores(Context, other.Transform(data)), Tiny.Scores(Context, loaded.Transform(data)));
            for (var row = 0; row < expected.Length; row++)
            {
                CollectionAssert.AreEqual(expected[row], found[row], $"{sampling}, row {row}");
            }
        }

        Assert.IsGreaterThan(5, allowed, "the options refuse all: nothing was tested");
    }

    // What a plan takes of a way may depend on a schedule that moves while it is trained.
    [TestMethod]
    public void Fit_NoisyPartOfARandomWay_IsThatOfTheReloadedModel()
    {
        var data = Tiny.Data(Context);
        using var model = Tiny.Model(Context, Tiny.Options with
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.Learned },
            Epochs = 3,
            LearningRate = 0.1,
            Sampling = new()
            {
                Dynamics = FlowDynamics.Ancestral,
                Solver = OdeSolver.ExponentialEuler,
                SolverSteps = 10,
                Draws = 2,
                ScoreReadout = ScoreReadout.NoisyPathMean,
            },
        });

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, data.Schema);

        Tiny.AssertScores(Context, loaded, Tiny.Scores(Context, model, Tiny.Photos()));
    }

    private static IEnumerable<Sampling> Samplings(NoPropOptions options) =>
        from dynamics in Enum.GetValues<FlowDynamics>()
        from solver in Enum.GetValues<OdeSolver>()
        from readout in Enum.GetValues<ScoreReadout>()
        let sampling = new Sampling { Dynamics = dynamics, Solver = solver, ScoreReadout = readout, Draws = 2 }
        where IsAllowed(options with { Sampling = sampling })
        select options.Variant is DiscreteTime ? sampling : sampling with { SolverSteps = 5 };

    private static bool IsAllowed(NoPropOptions options)
    {
        try
        {
            options.Validate();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
