using Microsoft.ML;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;
using TorchSharp;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training stops when it is told to, and leaves nothing behind.</summary>
[TestClass]
public sealed class CancellationTests
{
    private const int Endless = 1000; // epochs; a training that goes through all of them was not cancelled

    private static readonly IDataView Data = TinyImages.Keys(new MLContext());
    private static readonly IDataView Watched = TinyImages.Keys(new MLContext(), rows: 24, seed: 5);

    // Each image under the name of another class: the better it is known, the worse is its log-loss.
    private static readonly IDataView Misnamed = TinyImages.WithKeys(new MLContext(), new MLContext().Data.LoadFromEnumerable(
        TinyImages.Rows(26, 3, index => TinyImages.Names[(index + 1) % 3], seed: 5).Skip(2))); // the first name is that of class 0

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

    [TestMethod]
    public void Fit_CancelledWithCheckpoints_SaysWhatIsKept()
    {
        using var folder = new TempFolder();
        using var source = new CancellationTokenSource();
        var run = new NoPropRun
        {
            Checkpoints = new(folder.Path),
            Progress = new Recorder<EpochMetrics>(epoch => CancelAt(2, epoch, source.Cancel)).OfEpochs(),
            CancellationToken = source.Token,
        };

        var early = Assert.Throws<OperationCanceledException>(
            () => Trainer(new MLContext()).Fit(Data, run with { CancellationToken = new(canceled: true) }));
        var late = Assert.Throws<OperationCanceledException>(() => Trainer(new MLContext()).Fit(Data, run));

        Assert.AreEqual(
            $"Training was cancelled before there was a checkpoint in '{folder.Path}': the same training begins anew.", early.Message);
        Assert.AreEqual(
            $"Training was cancelled. The same training goes on from the newest checkpoint in '{folder.Path}'.", late.Message);
        Assert.AreEqual(source.Token, late.CancellationToken);
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

    // In the middle of the third epoch: no epoch's model is that of the step.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, true)]
    [DataRow(VariantKind.DiscreteTime, true)]
    [DataRow(VariantKind.FlowMatching, true)]
    [DataRow(VariantKind.CrossEntropyBaseline, true)]
    [DataRow(VariantKind.ContinuousTime, false)]
    [DataRow(VariantKind.CrossEntropyBaseline, false)]
    public void Fit_CancelledWithValidationAndReturnBest_GivesTheModelOfTheBestEpoch(VariantKind kind, bool areNamedRight)
    {
        var context = new MLContext(seed: 1);
        var epochs = new Recorder<EpochMetrics>();
        var logger = new LogLines();
        var options = areNamedRight ? Of(kind) : Of(kind) with { LearningRate = 0.002 }; // at first next to nothing is known
        var run = new NoPropRun { Validation = areNamedRight ? Watched : Misnamed, Progress = epochs.OfEpochs(), Logger = logger };

        using var actual = CancelledAt(context, options, run with { WhenCancelled = WhenCancelled.ReturnBest }, epoch: 2, step: 1);

        Assert.HasCount(2, epochs.Reports);
        var best = epochs.Reports.MinBy(epoch => epoch.ValidationLogLoss)!;
        Assert.IsTrue(
            areNamedRight || best.Epoch == 1, string.Join(' ', epochs.Reports.Select(epoch => epoch.ValidationLogLoss)));
        using var expected = new NoPropTrainer(context, options with { Epochs = best.Epoch }, new()).Fit(Data);
        Interruptions.AssertSameWeights(expected, actual);
        Assert.Contains(
            "Training was cancelled in epoch 3 of 5 and gives the model of its best epoch, of validation log-loss "
                + FormattableString.Invariant($"{best.ValidationLogLoss:F4}."),
            logger.Lines[^1].Text);
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, true)]
    [DataRow(VariantKind.ContinuousTime, false)]
    [DataRow(VariantKind.DiscreteTime, false)]
    [DataRow(VariantKind.FlowMatching, false)]
    [DataRow(VariantKind.CrossEntropyBaseline, false)]
    public void Fit_CancelledWithNothingToChooseBy_GivesTheModelOfTheLastStep(VariantKind kind, bool isWatched)
    {
        var context = new MLContext(seed: 1);
        using var source = new CancellationTokenSource();
        var run = new NoPropRun
        {
            Validation = isWatched ? Watched : null,
            Progress = new Recorder<EpochMetrics>(epoch => CancelAt(2, epoch, source.Cancel)).OfEpochs(),
            CancellationToken = source.Token,
            WhenCancelled = isWatched ? WhenCancelled.ReturnLast : WhenCancelled.ReturnBest,
        };

        using var actual = new NoPropTrainer(context, Of(kind), run).Fit(Data);

        using var expected = new NoPropTrainer(context, Of(kind) with { Epochs = 2 }, new()).Fit(Data);
        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_CancelledInTheFirstEpoch_GivesTheModelOfTheLastStep()
    {
        var context = new MLContext(seed: 1);
        var options = Of(VariantKind.ContinuousTime);
        var run = new NoPropRun { Validation = Watched, WhenCancelled = WhenCancelled.ReturnBest };

        using var best = CancelledAt(context, options, run, epoch: 0, step: 1);
        using var last = CancelledAt(context, options, run with { WhenCancelled = WhenCancelled.ReturnLast }, epoch: 0, step: 1);

        Interruptions.AssertSameWeights(last, best);
    }

    // Cancelled when the parameters are drawn: there is no model that anything was learned by.
    [TestMethod]
    [DataRow(WhenCancelled.ReturnBest)]
    [DataRow(WhenCancelled.ReturnLast)]
    public void Fit_CancelledBeforeTheFirstStep_ThrowsWhateverIsWanted(WhenCancelled whenCancelled)
    {
        using var source = new CancellationTokenSource();
        var run = new NoPropRun { WhenCancelled = whenCancelled, CancellationToken = source.Token };
        var trainer = new NoPropTrainer(new MLContext(seed: 1), Of(VariantKind.ContinuousTime), run)
        {
            StreamsOf = seed => new RandomStreams(seed) { Asked = (_, _, _) => source.Cancel() },
        };

        Assert.Throws<OperationCanceledException>(() => trainer.Fit(Data));
    }

    // When the last step is taken nothing is left to cancel.
    [TestMethod]
    [DataRow(4, 1)]
    [DataRow(5, 0)]
    public void Fit_CancelledAtTheEndOfAnEpoch_SaysWhetherTheModelIsWhole(int epoch, int endings)
    {
        var context = new MLContext(seed: 1);
        using var source = new CancellationTokenSource();
        var told = 0;
        var run = new NoPropRun
        {
            Progress = new Recorder<EpochMetrics>(ended => CancelAt(epoch, ended, source.Cancel)).OfEpochs(),
            CancellationToken = source.Token,
            WhenCancelled = WhenCancelled.ReturnLast,
            EndedEarly = () => told++,
        };

        using var actual = new NoPropTrainer(context, Of(VariantKind.ContinuousTime), run).Fit(Data);

        using var expected = new NoPropTrainer(context, Of(VariantKind.ContinuousTime) with { Epochs = epoch }, new()).Fit(Data);
        Interruptions.AssertSameWeights(expected, actual);
        Assert.AreEqual(endings, told);
    }

    // Too far from each other for single precision: the first step's loss is no number, and so are all parameters after it.
    [TestMethod]
    public void Fit_CancelledAfterAWeightBecameNaN_ThrowsWhateverIsWanted()
    {
        var rows = TinyImages.Rows(48, 3, index => TinyImages.Names[index]);
        rows.ForEach(row => Array.Fill(row.Features, float.MinValue));
        rows[0].Features[0] = float.MaxValue;
        var context = new MLContext(seed: 1);
        var data = TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows));
        var run = new NoPropRun { WhenCancelled = WhenCancelled.ReturnLast };

        Interruptions.FitUntil(context, Of(VariantKind.ContinuousTime), data, run, epoch: 0, step: 1);
    }

    // So high a rate that the log-loss jumps, and no schedule that would know the number of epochs.
    private static NoPropOptions Of(VariantKind kind) => TinyImages.Options with
    {
        Epochs = 5,
        LearningRate = 0.05,
        LearningRateSchedule = LearningRateSchedule.Constant,
        WarmupFraction = 0,
        Augmentation = new() { HorizontalFlipProbability = 0.5 },
        Variant = kind.Create(new DiscreteTime { BlockCount = 2 }),
    };

    private static NoPropTransformer CancelledAt(MLContext context, NoPropOptions options, NoPropRun run, int epoch, int step)
    {
        using var source = new CancellationTokenSource();
        var trainer = new NoPropTrainer(context, options, run with { CancellationToken = source.Token })
        {
            StreamsOf = seed => new RandomStreams(seed) { Asked = Listen },
        };
        return trainer.Fit(Data);

        void Listen(string name, int atEpoch, int atStep)
        {
            if ((atEpoch, atStep) == (epoch, step) && name.EndsWith("/flip", StringComparison.Ordinal))
            {
                source.Cancel();
            }
        }
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
