using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>How many threads score.</summary>
[TestClass]
public sealed class ScoringThreadsTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly List<int> Seen = [];
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        var options = TinyImages.Options with { BackboneName = "tells its threads" };
        _model = Context.MulticlassClassification.Trainers
            .NoProp(options, shape => new TellsThreads(shape.Size))
            .Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void WithThreads_BatchesRowsAndDiagnosis_AreComputedByAsMany()
    {
        var threads = get_num_threads();
        using var other = _model.WithThreads(threads + 1);

        var batch = ThreadsOf(() => Scores(other.Transform(_data)));
        var row = ThreadsOf(() => Scores(other.Transform(Context.Data.TakeRows(_data, 1))));
        var diagnosis = ThreadsOf(() => other.Diagnose(_data));

        int[] expected = [threads + 1];
        CollectionAssert.AreEqual(expected, batch);
        CollectionAssert.AreEqual(expected, row);
        CollectionAssert.AreEqual(expected, diagnosis);
        Assert.AreEqual(threads, get_num_threads(), "the host's own");
    }

    [TestMethod]
    public void WithThreads_Null_ScoresWithThoseOfTheHost()
    {
        using var other = _model.WithThreads(get_num_threads() + 1);
        using var back = other.WithThreads(null);

        int[] expected = [get_num_threads()];
        CollectionAssert.AreEqual(expected, ThreadsOf(() => Scores(back.Transform(_data))));
    }

    [TestMethod]
    public void WithThreads_OtherSamplingOrColumnsAfterwards_KeepTheNumber()
    {
        int[] expected = [get_num_threads() + 1];
        using var other = _model.WithThreads(expected[0]);
        using var finer = other.WithSampling(sampling => sampling with { SolverSteps = 3 });
        using var renamed = other.WithColumns(score: "Probabilities");

        CollectionAssert.AreEqual(expected, ThreadsOf(() => Scores(finer.Transform(_data))));
        CollectionAssert.AreEqual(expected, ThreadsOf(() => Scores(renamed.Transform(_data), "Probabilities")));
    }

    [TestMethod]
    public void WithThreads_One_GivesTheScoresOfMany()
    {
        using var one = _model.WithThreads(1);

        foreach (var (expected, actual) in Scores(_model.Transform(_data)).Zip(Scores(one.Transform(_data))))
        {
            Tiny.AssertEqual(expected, actual);
        }
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

    private static float[][] Scores(IDataView scored, string column = "Score") => [.. scored.GetColumn<float[]>(column)];

    private static int[] ThreadsOf(Func<object> action)
    {
        lock (Seen)
        {
            Seen.Clear();
        }

        action();
        return [.. Seen.Distinct()];
    }

    private sealed class TellsThreads : nn.Module<Tensor, Tensor>
    {
        private readonly Linear _linear;

        public TellsThreads(long pixels)
            : base(nameof(TellsThreads))
        {
            _linear = nn.Linear(pixels, 8);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            lock (Seen)
            {
                Seen.Add(get_num_threads());
            }

            return _linear.forward(input.flatten(1));
        }
    }
}
