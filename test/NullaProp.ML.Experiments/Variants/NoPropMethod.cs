using System.Diagnostics;
using Microsoft.ML;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>One model of the library's trainer.</summary>
/// <param name="options">Its options; epochs and seed are the study's.</param>
internal sealed class NoPropMethod(NoPropOptions options) : IMethod
{
    public MethodResult Run(StudyData data, CancellationToken cancellationToken)
    {
        using var model = Fit(data, data.Setting.Seed, cancellationToken, out var fitTime);
        var calibration = Calibration.Of(model.Transform(data.Test));
        var diagnostics = model.Diagnose(data.Test);
        return new MethodResult(calibration, fitTime)
        {
            EmbeddingNorm = diagnostics.EmbeddingNorm,
            NoiseZMicroAccuracy = diagnostics.NoiseZMicroAccuracy,
            SingleEvaluationMicroAccuracy = diagnostics.SingleEvaluationMicroAccuracy,
        };
    }

    /// <summary>Trains the model with another seed. The caller disposes of it.</summary>
    public NoPropTransformer Fit(StudyData data, int seed, CancellationToken cancellationToken, out TimeSpan fitTime)
    {
        var trainer = data.MlContext.MulticlassClassification.Trainers.NoProp(options with { Epochs = data.Setting.Epochs, Seed = seed });
        var stopwatch = Stopwatch.StartNew();
        var model = trainer.Fit(data.Training, new NoPropRun
        {
            Progress = new TrainingProgress("test", showsLines: true),
            CancellationToken = cancellationToken,
        });
        fitTime = stopwatch.Elapsed;
        return model;
    }
}
