using NullaProp.ML;
using NullaProp.ML.Interop;

namespace Microsoft.ML;

/// <summary>Adds NoProp to the trainers of <c>mlContext.MulticlassClassification</c>.</summary>
public static class NoPropCatalog
{
    /// <summary>Creates a trainer of image classifiers with default options.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="labelColumnName">The column of class labels: a key, as <c>MapValueToKey</c> makes it.</param>
    /// <param name="featureColumnName">The column of images: a vector as <c>ExtractPixels</c> makes it, or an <c>MLImage</c>.</param>
    /// <returns>The trainer.</returns>
    /// <example>
    /// <code>
    /// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    ///     .Append(mlContext.Transforms.LoadImages("Image", "photos", "ImagePath"))
    ///     .Append(mlContext.Transforms.ResizeImages("Image", 32, 32))
    ///     .Append(mlContext.Transforms.ExtractPixels("Features", "Image"))
    ///     .Append(mlContext.MulticlassClassification.Trainers.NoProp())
    ///     .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
#pragma warning disable RS0026, RS0027 // ML.NET's habit; the second and third parameter's types tell the overloads apart.
    public static NoPropTrainer NoProp(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features") =>
        NoProp(catalog, new NoPropOptions { LabelColumnName = labelColumnName, FeatureColumnName = featureColumnName });

    /// <summary>Creates a trainer of image classifiers.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">The options.</param>
    /// <param name="run">
    /// Who takes part in a training: progress, validation data, cancellation, a logger. They are there inside a pipeline too. May be
    /// <see langword="null"/>.
    /// </param>
    /// <returns>The trainer.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropTrainer NoProp(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        NoPropOptions options,
        NoPropRun? run = null)
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        return new NoPropTrainer(HostEnvironment.Of(catalog), options, run ?? new NoPropRun());
    }

    /// <summary>Creates a trainer of image classifiers around a network of the user's own.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">The options; <see cref="NoPropOptions.BackboneName"/> must name the network.</param>
    /// <param name="backbone">
    /// Makes the network, as <see cref="NoPropBackbones.Register"/> describes it. The trainer keeps it; loading a model that it trained
    /// needs it
    /// registered under that name.
    /// </param>
    /// <param name="run">Who takes part in a training; may be <see langword="null"/>.</param>
    /// <returns>The trainer, whose <see cref="NoPropOptions.Backbone"/> is <see cref="NoPropBackbone.Custom"/>.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropTrainer NoProp(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        NoPropOptions options,
        System.Func<ImageShape, TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>> backbone,
        NoPropRun? run = null)
#pragma warning restore RS0026, RS0027
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        System.ArgumentNullException.ThrowIfNull(options);
        System.ArgumentNullException.ThrowIfNull(backbone);
        return new NoPropTrainer(
            HostEnvironment.Of(catalog),
            options with { Backbone = NoPropBackbone.Custom },
            run ?? new NoPropRun(),
            backbone);
    }
}
