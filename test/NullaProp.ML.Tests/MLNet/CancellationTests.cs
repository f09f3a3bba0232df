using Microsoft.ML;
using NullaProp.ML.Tests.Support;
using TorchSharp;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training stops when it is told to, and leaves nothing behind.</summary>
[TestClass]
public sealed class CancellationTests
{
    private const int Endless = 1000; // epochs; a training that goes through all of them was not cancelled

    private static readonly IDataView Data = TinyImages.Keys(new MLContext());

    [TestMethod]
    public void Fit_TokenCancelledBefore_ThrowsBeforeTheFirstEpoch()
    {
        var progress = new Recorder<EpochMetrics>();

        var fault =
            Assert.Throws<OperationCanceledException>(() => Trainer(new MLContext()).Fit(
                Data,
                validation: null,
                progress,
                new CancellationToken(canceled: true)));

        Assert.IsTrue(fault.CancellationToken.IsCancellationRequested);
        Assert.IsEmpty(progress.Reports);
    }

    [TestMethod]
    public void Fit_TokenCancelledWhileTraining_Throws()
    {
        using var source = new CancellationTokenSource();
        var progress = new Recorder<EpochMetrics>(epoch => CancelAt(2, epoch, source.Cancel));

        Assert.Throws<OperationCanceledException>(() => Trainer(new MLContext()).Fit(Data, validation: null, progress, source.Token));

        Assert.HasCount(2, progress.Reports);
    }

    [TestMethod]
    public void Fit_ContextCancelledWhileTraining_Throws()
    {
        var context = new MLContext();
        var progress = new Recorder<EpochMetrics>(epoch => CancelAt(2, epoch, context.CancelExecution));

        Assert.Throws<OperationCanceledException>(() => Trainer(context).Fit(Data, validation: null, progress));

        Assert.HasCount(2, progress.Reports);
    }

    // As ML.NET's own tests do it: from a handler of the log.
    [TestMethod]
    public void Fit_ContextCancelledFromItsLog_Throws()
    {
        var context = new MLContext();
        context.Log += (_, message) =>
        {
            if (message.Message.Contains("Epoch 1 of", StringComparison.Ordinal))
            {
                context.CancelExecution();
            }
        };

        Assert.Throws<OperationCanceledException>(() => Trainer(context).Fit(Data));
    }

    [TestMethod]
    public void Fit_ContextCancelledInAChain_Throws()
    {
        var context = new MLContext();
        context.CancelExecution();
        var chain = new Microsoft.ML.Data.EstimatorChain<ITransformer>().Append(Trainer(context));

        Assert.Throws<OperationCanceledException>(() => chain.Fit(Data));
    }

    [TestMethod]
    public void Fit_AfterACancelledOne_WorksWithTheSameTrainer()
    {
        using var source = new CancellationTokenSource();
        var trainer = TinyImages.Trainer(new MLContext());
        var progress = new Recorder<EpochMetrics>(epoch => CancelAt(1, epoch, source.Cancel));
        Assert.Throws<OperationCanceledException>(() => trainer.Fit(Data, validation: null, progress, source.Token));

        using var model = trainer.Fit(Data);
        using var fresh = TinyImages.Trainer(new MLContext()).Fit(Data);

        SameData.AssertValues(fresh.Transform(Data), model.Transform(Data));
    }

    [TestMethod]
    public void Fit_Cancelled_LeavesNoTensorAlive()
    {
        using var source = new CancellationTokenSource();
        var progress = new Recorder<EpochMetrics>(epoch => CancelAt(1, epoch, source.Cancel));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Assert.Throws<OperationCanceledException>(() => Trainer(new MLContext()).Fit(Data, Data, progress, source.Token));

        Assert.AreEqual(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static NoPropTrainer Trainer(MLContext context) =>
        TinyImages.Trainer(context, options => options with { Epochs = Endless, EarlyStoppingPatience = Endless });

    private static void CancelAt(int number, EpochMetrics epoch, Action cancel)
    {
        if (epoch.Epoch == number)
        {
            cancel();
        }
    }
}
