using NullaProp.ML.Networks;

namespace NullaProp.ML.Storage;

/// <summary>Finds values that no training leaves and that scoring would make nonsense of.</summary>
internal static class BrokenModel
{
    private const string VarianceName = ".running_var";

    /// <summary>Returns in a sentence what is wrong with a model, or <see langword="null"/> where nothing is.</summary>
    /// <param name="network">The network.</param>
    /// <param name="options">Its options.</param>
    public static string? Fault(Denoiser network, NoPropOptions options)
    {
        if (network.Normalization.Scale.Host().Values.Any(scale => !(scale >= 0)))
        {
            return "a scale of its pixels is negative.";
        }

        var variance = network.Weights.All.FirstOrDefault(weight =>
            weight.Key.EndsWith(VarianceName, StringComparison.Ordinal) && weight.Value.Host().Values.Any(value => !(value >= 0)));
        return variance.Key is { } name ? $"the variances '{name}' are not all 0 or more."
            : options.Variant.HasSchedule(network.Schedule) ? null
            : "its noise schedule does not rise from noise to label.";
    }
}
