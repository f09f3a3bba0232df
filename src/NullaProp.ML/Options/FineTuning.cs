namespace NullaProp.ML;

/// <summary>
/// How much of a pretrained network is trained. What is new is trained first, on what the network sees in the photos as it is; for a
/// network is spoilt by the errors of one that knows nothing yet (Kumar et al. 2022, arXiv 2202.10054).
/// </summary>
/// <remarks>
/// Then what is chosen here is trained together with it, for as many epochs again, or fewer with
/// <see cref="NoPropOptions.EarlyStoppingPatience"/>. The last stage has a tenth of the learning rate, and each stage below it that of the
/// one above over 2.6. Batch normalisations stay as they are.
/// </remarks>
public enum FineTuning
{
    /// <summary>
    /// With <see cref="NoPropRun.Validation"/> as <see cref="Frozen"/> and then as <see cref="LastStage"/> from the best epoch of that; the
    /// model of the epoch with the lowest validation log-loss of both is kept. The second ends early where the loss becomes NaN, and is
    /// left out with a warning where the photos cannot be read again. Without, as <see cref="Frozen"/>.
    /// </summary>
    Automatic,

    /// <summary>Nothing: the network stays as it is.</summary>
    Frozen,

    /// <summary>
    /// The last of four stages, most of all weights. What the stages below see is computed once; some 0.2 MB a photo, in memory or, where
    /// it takes more than <see cref="NoPropOptions.MaxCachedBytes"/>, in a temporary file.
    /// </summary>
    LastStage,

    /// <summary>
    /// All of it, each photo computed anew in every epoch: the slowest, and the one that can use <see cref="NoPropOptions.Augmentation"/>.
    /// </summary>
    Everything,
}

/// <summary>How a model was tuned, which it does not keep.</summary>
internal static class KeptFineTuning
{
    /// <summary>
    /// Returns the options as a model keeps them: of how the pretrained network was tuned only what the others tell, for photos are
    /// augmented where all of it is trained, and nowhere else.
    /// </summary>
    /// <param name="options">The options.</param>
    public static NoPropOptions WithKeptFineTuning(this NoPropOptions options) => options with
    {
        FineTuning = options.Backbone.IsPretrained() && options.Augmentation != Augmentation.None
            ? FineTuning.Everything
            : FineTuning.Automatic,
    };
}
