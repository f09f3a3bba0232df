using System.Globalization;

namespace NullaProp.ML;

/// <summary>Which options decide the names, shapes and meaning of a model's weights, so that training can be continued only with the same.</summary>
internal static class ArchitectureOptions
{
    private static readonly (string Name, Func<NoPropOptions, object?> Value)[] All =
    [
        (nameof(NoPropOptions.Variant), options => options.Variant),
        (nameof(NoPropOptions.BlockCount), options => OfBlocks(options, options.BlockCount)),
        (nameof(NoPropOptions.BlockPlacement), options => OfBlocks(options, options.BlockPlacement)),
        (nameof(NoPropOptions.BlockMaxLogSnr), options => OfBlocks(options, options.BlockMaxLogSnr)),
        (nameof(NoPropOptions.VelocityForm), options => options.Variant == NoPropVariant.FlowMatching ? options.VelocityForm : null),
        (nameof(NoPropOptions.Backbone), options => options.Backbone),
        (nameof(NoPropOptions.BackboneName), options => options.Backbone == BackboneKind.Custom ? options.BackboneName : null),
        (nameof(NoPropOptions.Embedding), options => options.Embedding),
        (nameof(NoPropOptions.EmbeddingInitialization), options => OfLearnedEmbeddings(options, options.EmbeddingInitialization)), // some decide D
        (nameof(NoPropOptions.EmbeddingDimension), options => OfLearnedEmbeddings(options, options.EmbeddingDimension)),
        (nameof(NoPropOptions.HiddenSize), options => options.HiddenSize),
        (nameof(NoPropOptions.NoiseSchedule), options => options.NoiseSchedule),
        (nameof(NoPropOptions.NoiseScheduleHiddenSize), options => options.NoiseSchedule is NoiseScheduleKind.Learned or NoiseScheduleKind.LearnedJointly ? options.NoiseScheduleHiddenSize : null),
        (nameof(NoPropOptions.LogSnrAtNoise), options => options.LogSnrAtNoise),
        (nameof(NoPropOptions.LogSnrAtLabel), options => options.LogSnrAtLabel),
        (nameof(NoPropOptions.ReadoutLoss), options => OfLearnedEmbeddings(options, options.ReadoutLoss)), // a trained read-out has weights
    ];

    /// <summary>Gets their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(option => option.Name)];

    /// <summary>Returns in words where options differ from those of a model, one entry an option.</summary>
    /// <param name="options">The options.</param>
    /// <param name="trained">The model's.</param>
    public static IReadOnlyList<string> Differences(NoPropOptions options, NoPropOptions trained) =>
    [
        .. All.Where(option => !Equals(option.Value(options), option.Value(trained)))
            .Select(option => string.Create(CultureInfo.InvariantCulture, $"{option.Name} is {option.Value(options) ?? "unused"} instead of {option.Value(trained) ?? "unused"}")),
    ];

    private static object? OfBlocks(NoPropOptions options, object value) => options.Variant == NoPropVariant.DiscreteTime ? value : null;

    private static object? OfLearnedEmbeddings(NoPropOptions options, object value) => options.Embedding == EmbeddingKind.OneHot ? null : value;
}
