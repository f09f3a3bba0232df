using Microsoft.Extensions.Logging;
using Microsoft.ML;

namespace NullaProp.ML.Tests.Support;

/// <summary>Trainings with the one or two of a run's members that a test is about.</summary>
internal static class Runs
{
    public static NoPropTransformer Fit(
        this NoPropTrainer trainer,
        IDataView train,
        IDataView? validation,
        IProgress<EpochMetrics>? progress = null,
        CancellationToken cancellationToken = default) =>
        trainer.Fit(
            train,
            new NoPropRun { Validation = validation, Progress = progress?.OfEpochs(), CancellationToken = cancellationToken });

    public static NoPropTransformer Fit(
        this NoPropTrainer trainer,
        IDataView train,
        NoPropTransformer previous,
        IDataView? validation = null,
        IProgress<EpochMetrics>? progress = null,
        CancellationToken cancellationToken = default) =>
        trainer.Fit(
            train,
            new NoPropRun
            {
                Previous = previous,
                Validation = validation,
                Progress = progress?.OfEpochs(),
                CancellationToken = cancellationToken,
            });

    /// <summary>Returns a listener that hands over the ends of epochs alone.</summary>
    public static IProgress<NoPropProgress> OfEpochs(this IProgress<EpochMetrics> epochs) => new EpochEnds(epochs);

    public static NoPropTrainer NoProp(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        NoPropOptions options,
        ILogger logger) => trainers.NoProp(options, new NoPropRun { Logger = logger });

    private sealed class EpochEnds(IProgress<EpochMetrics> epochs) : IProgress<NoPropProgress>
    {
        public void Report(NoPropProgress value)
        {
            if (value.Metrics is { } metrics)
            {
                epochs.Report(metrics);
            }
        }
    }
}
