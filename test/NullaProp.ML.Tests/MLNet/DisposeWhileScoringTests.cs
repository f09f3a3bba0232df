using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// A model is disposed of while other threads still score with it: they get their scores or a message, never a native crash.
/// </summary>
[TestClass]
public sealed class DisposeWhileScoringTests
{
    private const int Tries = 100_000; // never reached: the model is disposed of after a few
    private const int Rounds = 20;

    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _original = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _original = TinyImages.Trainer(Context).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _original.Dispose();

    [TestMethod]
    public void Dispose_WhileOtherThreadsScore_EndsThemWithAMessageAtMost()
    {
        var expected = Cells.Column(_original.Transform(_data), "Score")[0];
        for (var round = 0; round < Rounds; round++)
        {
            var model = Copy();
            using var started = new CountdownEvent(2);
            var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => ScoreUntilDisposed(model, expected, started))).ToArray();

            started.Wait();
            model.Dispose();
            model.Dispose(); // counts once, or the memory would go under the reader's feet

            Task.WaitAll(readers);
        }
    }

    // A pool of engines drops the old model while a rented engine still predicts.
    [TestMethod]
    public void Dispose_WhileAnEnginePredicts_EndsItWithAMessageAtMost()
    {
        var row = new UnlabelledRow { Features = _data.GetColumn<float[]>("Features").First() };
        for (var round = 0; round < Rounds; round++)
        {
            var model = Copy();
            using var started = new ManualResetEventSlim();
            var reader = Task.Run(() =>
            {
                var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
                    model,
                    new PredictionEngineOptions { OwnsTransformer = false });
                started.Set();
                Assert.ThrowsExactly<ObjectDisposedException>(() => PredictUntilDisposed(engine, row));
            });

            started.Wait();
            model.Dispose();

            reader.Wait();
        }
    }

    private static void PredictUntilDisposed(PredictionEngine<UnlabelledRow, Prediction> engine, UnlabelledRow row)
    {
        for (var i = 0; i < Tries; i++)
        {
            Assert.AreEqual(1, engine.Predict(row).Score.Sum(), 1e-5f);
        }
    }

    private static void ScoreUntilDisposed(NoPropTransformer model, object[] expected, CountdownEvent started)
    {
        var scored = model.Transform(_data);
        Cells.AssertSame(expected, Cells.Column(scored, "Score")[0], 1e-6f, "row 0");
        started.Signal();
        Assert.ThrowsExactly<ObjectDisposedException>(() =>
        {
            for (var i = 0; i < Tries; i++)
            {
                Cells.AssertSame(expected, Cells.Column(scored, "Score")[0], 1e-6f, "row 0");
            }
        });
    }

    private static NoPropTransformer Copy() => (NoPropTransformer)EstimatorContract.Reloaded(Context, _original, _data.Schema);
}
