using Microsoft.ML;
using Microsoft.ML.Runtime;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>Prints what is warned of outside of a training: images that were left out, for one.</summary>
internal static class WarningLog
{
    /// <summary>Returns a context whose warnings are printed.</summary>
    /// <param name="seed">Of its random numbers.</param>
    public static MLContext CreateContext(int? seed = null)
    {
        var context = new MLContext(seed);
        context.Log += (_, said) =>
        {
            if (said.Kind == ChannelMessageKind.Warning && !IsOfTrainer(said.Source))
                CommandExecution.PrintWarning(said.RawMessage);
        };
        return context;
    }

    // Trainers of this program have a logger, which prints their warnings among the other lines of the training.
    private static bool IsOfTrainer(string source) => source.Contains(nameof(NoPropTrainer), StringComparison.Ordinal);
}
