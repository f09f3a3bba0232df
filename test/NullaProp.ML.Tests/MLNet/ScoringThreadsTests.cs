using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A transformer that scores on as many threads as its caller gives it.</summary>
[TestClass]
public sealed class ScoringThreadsTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context, options => options with { Sampling = new() { Draws = 3, DisagreementColumnName = "Doubt" } })
            .Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(100)]
    public void WithThreads_AnyNumber_ScoresARowAsItDoesAlone(int threads)
    {
        using var other = _model.WithThreads(threads);
        var rows = _data.GetColumn<float[]>("Features").Count();

        var (batch, doubts) = (Scores(other), other.Transform(_data).GetColumn<float>("Doubt").ToArray());

        var expected = Scores(_model);
        for (var row = 0; row < rows; row++)
        {
            var one = _model.Transform(Context.Data.TakeRows(row == 0 ? _data : Context.Data.SkipRows(_data, row), 1));
            CollectionAssert.AreEqual(one.GetColumn<float[]>("Score").Single(), batch[row], $"row {row}");
            Assert.AreEqual(one.GetColumn<float>("Doubt").Single(), doubts[row], $"row {row}");
            Tiny.AssertEqual(expected[row], batch[row]);
        }
    }

    [TestMethod]
    public void WithThreads_WhileScoring_LeavesTheNumbersOfTheHost()
    {
        var (before, seen) = (get_num_threads(), new HashSet<int>());
        using var one = _model.WithThreads(1);
        var watched = Context.Data.FilterByCustomPredicate<TinyRow>(
            _data,
            _ =>
            {
                seen.Add(get_num_threads());
                return false;
            });

        _ = one.Transform(watched).GetColumn<float[]>("Score").ToArray();

        Assert.AreEqual(before, seen.Single());
        Assert.AreEqual(before, get_num_threads());
    }

    [TestMethod]
    public void WithThreads_Null_IsTheDefaultAgain()
    {
        using var one = _model.WithThreads(1);
        using var back = one.WithThreads(null);

        SameData.AssertValues(_model.Transform(_data), back.Transform(_data));
    }

    [TestMethod]
    public void WithThreads_OtherSamplingOrColumnsAfterwards_StillScoreEachRowByItself()
    {
        using var one = _model.WithThreads(1);
        using var finer = one.WithSampling(sampling => sampling with { SolverSteps = 3 });
        using var renamed = one.WithColumns(score: "Probabilities");
        using var plain = _model.WithSampling(sampling => sampling with { SolverSteps = 3 });

        var first = Context.Data.TakeRows(_data, 1);
        CollectionAssert.AreEqual(Scores(plain, first)[0], Scores(finer)[0]);
        CollectionAssert.AreEqual(Scores(_model, first)[0], renamed.Transform(_data).GetColumn<float[]>("Probabilities").First());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    [DataRow(1025)]
    public void WithThreads_OutOfRange_IsRefused(int threads)
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.WithThreads(threads));

        Assert.Contains($"threads is {threads}, but must be from 1 to 1024, or null for as many as there are processors.", fault.Message);
    }

    [TestMethod]
    public void WithThreads_ModuleOfTheUsersOwn_IsRefused()
    {
        using var model = Context.MulticlassClassification.Trainers
            .NoProp(
                TinyImages.Options with { BackboneName = "a trainer's own" },
                shape => nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(shape.Size, 4))))
            .Fit(_data);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => model.WithThreads(2));

        Assert.Contains("a module of the user's own, which libtorch computes", fault.Message);
    }

    private static float[][] Scores(NoPropTransformer model, IDataView? data = null) =>
        [.. model.Transform(data ?? _data).GetColumn<float[]>("Score")];

    private sealed class TinyRow
    {
        [VectorType(TinyImages.Size)]
        public float[] Features { get; set; } = [];
    }
}
