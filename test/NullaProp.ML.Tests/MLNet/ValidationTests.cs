using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Validation data: measured after every epoch, and a reason to stop early with the best epoch's weights.</summary>
[TestClass]
public sealed class ValidationTests
{
    private const int Patience = 3;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Training = TinyImages.Keys(Context);

    // Every image is called the next class: what training learns makes the log-loss on these worse, so that an early epoch is the best.
    private static readonly IDataView Misleading = Context.Transforms.Conversion.MapValueToKey("Label").Fit(TinyImages.Texts(Context))
        .Transform(Context.Data.LoadFromEnumerable(TinyImages.Rows(30, 3, index => TinyImages.Names[(index + 1) % 3], seed: 3)));

    [TestMethod]
    public void Fit_ValidationData_ReportsItsMetricsAsEvaluateWould()
    {
        var validation = TinyImages.Keys(Context, rows: 30, seed: 3);
        var progress = new Recorder<EpochMetrics>();

        using var model = TinyImages.Trainer(Context).Fit(Training, validation, progress);

        var metrics = Context.MulticlassClassification.Evaluate(model.Transform(validation));
        Assert.AreEqual(metrics.LogLoss, progress.Reports[^1].ValidationLogLoss!.Value, 1e-5);
        Assert.AreEqual(metrics.MicroAccuracy, progress.Reports[^1].ValidationAccuracy!.Value, 1e-9);
    }

    // The log-loss of all rows would be none, and early stopping take any epoch for the best.
    [TestMethod]
    [DataRow(3e38f, "Row 4 of the validation data, counted from 0 among rows with a label, cannot be scored: its values make")]
    [DataRow(float.NaN, "In the validation data: Row 4 holds NaN")]
    public void Fit_ValidationRowThatCannotBeScored_NamesItAndItsData(float value, string sentence)
    {
        var rows = TinyImages.Rows(9, 3, index => TinyImages.Names[index], seed: 3);
        rows[4].Features[5] = value;
        var validation = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(rows));
        var trainer = TinyImages.Trainer(Context, options => options with { Backbone = NoPropBackbone.Mlp });
        using var model = trainer.Fit(Training);

        var fault = Assert.Throws<InvalidOperationException>(() => trainer.Fit(Training, new NoPropRun { Validation = validation }));
        var diagnosis = Assert.Throws<InvalidOperationException>(() => model.Diagnose(validation));

        Assert.Contains(sentence, fault.Message);
        Assert.Contains(sentence.Replace("validation", "diagnostic", StringComparison.Ordinal), diagnosis.Message);
    }

    [TestMethod]
    public void Fit_NoValidationData_ReportsNone()
    {
        var progress = new Recorder<EpochMetrics>();

        TinyImages
            .Trainer(Context, options => options with { EarlyStoppingPatience = 1 })
            .Fit(Training, validation: null, progress)
            .Dispose();

        Assert.IsTrue(progress.Reports.All(epoch => epoch.ValidationLogLoss is null && epoch.ValidationAccuracy is null));
        Assert.HasCount(2, progress.Reports, "without validation data patience is ignored");
    }

    [TestMethod]
    public void Fit_ValidationData_ChangesNothingWithoutPatience()
    {
        using var watched = TinyImages.Trainer(Context).Fit(Training, Misleading);
        using var unwatched = TinyImages.Trainer(Context).Fit(Training);

        SameData.AssertValues(unwatched.Transform(Training), watched.Transform(Training));
    }

    [TestMethod]
    public void Fit_Patience_StopsThatManyEpochsAfterTheBest()
    {
        var (epochs, model) = FitWithPatience();
        model.Dispose();

        var best = epochs.MinBy(epoch => epoch.ValidationLogLoss)!;

        Assert.HasCount(best.Epoch + Patience, epochs);
        Assert.IsLessThan(epochs[0].Epochs, epochs.Count, "early stopping must have happened for this test to tell anything");
    }

    [TestMethod]
    public void Fit_Patience_RestoresTheBestEpoch()
    {
        var (epochs, model) = FitWithPatience();

        var metrics = Context.MulticlassClassification.Evaluate(model.Transform(Misleading));

        Assert.AreEqual(epochs.Min(epoch => epoch.ValidationLogLoss!.Value), metrics.LogLoss, 1e-5);
        Assert.IsGreaterThan(
            metrics.LogLoss + 0.01,
            epochs[^1].ValidationLogLoss!.Value,
            "the last epoch must be worse for this test to tell anything");
        model.Dispose();
    }

    [TestMethod]
    public void Fit_ScoresImproveToTheEnd_KeepsTheLastEpoch()
    {
        var progress = new Recorder<EpochMetrics>();

        using var model = TinyImages
            .Trainer(Context, options => options with { Epochs = 4, EarlyStoppingPatience = 4 })
            .Fit(Training, Training, progress);

        Assert.HasCount(4, progress.Reports);
        var metrics = Context.MulticlassClassification.Evaluate(model.Transform(Training));
        Assert.AreEqual(progress.Reports.Min(epoch => epoch.ValidationLogLoss!.Value), metrics.LogLoss, 1e-5);
    }

    [TestMethod]
    public void Fit_StoppedEarly_SaysWhenAndWhichEpochItGives()
    {
        var log = new LogLines();

        var (epochs, model) = FitWithPatience(log);

        using var owned = model;
        var best = epochs.MinBy(epoch => epoch.ValidationLogLoss)!;
        Assert.AreEqual(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Training stopped early, after epoch {epochs.Count} of 30, and gives the model of epoch {best.Epoch}, which had the ")
            + string.Create(CultureInfo.InvariantCulture, $"lowest validation log-loss, {best.ValidationLogLoss:F4}."),
            log.Lines[^1].Text);
    }

    private static (List<EpochMetrics> Epochs, NoPropTransformer Model) FitWithPatience(LogLines? log = null)
    {
        var progress = new Recorder<EpochMetrics>();
        var model = TinyImages.Trainer(Context, options => options with
        {
            Epochs = 30,
            EarlyStoppingPatience = Patience,
            LearningRateSchedule = LearningRateSchedule.Constant,
            LearningRate = 0.003,
        }).Fit(Training, new NoPropRun { Validation = Misleading, Progress = progress.OfEpochs(), Logger = log });
        return (progress.Reports, model);
    }
}
