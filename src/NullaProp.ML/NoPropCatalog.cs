using Microsoft.Extensions.Logging;
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
#pragma warning disable RS0027 // ML.NET's habit; the second parameter's type tells the overloads apart.
    public static NoPropTrainer NoProp(
#pragma warning restore RS0027
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features") =>
        NoProp(catalog, new NoPropOptions { LabelColumnName = labelColumnName, FeatureColumnName = featureColumnName });

    /// <summary>Creates a trainer of image classifiers.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">The options.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropTrainer NoProp(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, NoPropOptions options)
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        return new NoPropTrainer(HostEnvironment.Of(catalog), options, logger: null);
    }

    /// <summary>Creates a trainer of image classifiers around a network of the user's own.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">The options; <see cref="NoPropOptions.BackboneName"/> must name the network.</param>
    /// <param name="backbone">
    /// Makes the network, as <see cref="NoPropBackbones.Register"/> describes it. The trainer keeps it; loading a model that it trained needs it registered
    /// under that name.
    /// </param>
    /// <returns>The trainer, whose <see cref="NoPropOptions.Backbone"/> is <see cref="BackboneKind.Custom"/>.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropTrainer NoProp(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        NoPropOptions options,
        System.Func<ImageShape, TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>> backbone)
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        System.ArgumentNullException.ThrowIfNull(options);
        System.ArgumentNullException.ThrowIfNull(backbone);
        return new NoPropTrainer(HostEnvironment.Of(catalog), options with { Backbone = BackboneKind.Custom }, logger: null, backbone);
    }

    /// <summary>Creates a trainer of image classifiers that also writes to a logger.</summary>
    /// <param name="catalog">The trainers.</param>
    /// <param name="options">The options.</param>
    /// <param name="logger">Hears what <c>MLContext.Log</c> hears of training: data, device, every epoch, warnings.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropTrainer NoProp(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, NoPropOptions options, ILogger logger)
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        System.ArgumentNullException.ThrowIfNull(logger);
        return new NoPropTrainer(HostEnvironment.Of(catalog), options, logger);
    }
}
