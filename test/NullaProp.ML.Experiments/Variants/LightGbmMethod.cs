using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>
/// What ML.NET users reach for without a network: boosted trees on the pixels as numbers, with ML.NET's default options.
/// </summary>
internal sealed class LightGbmMethod : IMethod
{
    public MethodResult Run(StudyData data, CancellationToken cancellationToken)
    {
        var mlContext = data.MlContext;
        var pipeline = mlContext.Transforms.Conversion.ConvertType("Features", outputKind: DataKind.Single)
            .Append(mlContext.MulticlassClassification.Trainers.LightGbm());
        try
        {
            var stopwatch = Stopwatch.StartNew();
            var model = pipeline.Fit(data.Training);
            var fitTime = stopwatch.Elapsed;
            return new MethodResult(Calibration.Of(model.Transform(data.Test)), fitTime);
        }
        catch (Exception exception) when (exception.GetBaseException() is DllNotFoundException or BadImageFormatException)
        {
            throw new UserMistakeException(
                "LightGBM's native library cannot be loaded; it needs a 64-bit x86 processor, and on Linux the library libgomp.so.1, "
                + "which the package libgomp1 of Debian and Ubuntu holds. Install that, or leave this method out with --methods.",
                exception);
        }
    }
}
