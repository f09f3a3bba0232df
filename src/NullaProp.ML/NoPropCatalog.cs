using NullaProp.ML;
using NullaProp.ML.Interop;

namespace Microsoft.ML;

/// <summary>
/// Adds NoProp to the trainers of <c>mlContext.MulticlassClassification</c>, and the way there from image files as people have them to
/// <c>mlContext.Data</c> and <c>mlContext.Transforms</c>.
/// </summary>
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
    ///     .Append(mlContext.Transforms.LoadImageFiles("Image", 32, 32))
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
    /// needs it registered under that name.
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

    /// <summary>
    /// Finds the images of a folder whose subfolders are the classes, and decodes each once, so that broken ones come to light before any
    /// training.
    /// </summary>
    /// <param name="catalog">The data.</param>
    /// <param name="folder">
    /// The folder: <c>folder/cat/1.jpg</c> and <c>folder/cat/paris/1.jpg</c> show a cat. Files that are hidden or of other endings are left
    /// out. Images beside the class folders show no class: they are left out with a warning.
    /// </param>
    /// <param name="unreadable">What to do about files that cannot be read.</param>
    /// <param name="classNames">
    /// The classes that the folder may have: for a test folder those of the training folder, so that both have the same keys.
    /// <see langword="null"/> for those found, sorted by code unit: two or more then.
    /// </param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The images, as rows of <c>ImagePath</c> and <c>Label</c>.</returns>
    /// <exception cref="System.IO.DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="System.ArgumentException">A class is named twice, or has no name, or none is named.</exception>
    /// <exception cref="System.ArgumentOutOfRangeException">What happens to unreadable images is none of the choices.</exception>
    /// <exception cref="System.IO.IOException">The folder cannot be read.</exception>
    /// <exception cref="System.InvalidOperationException">
    /// There are no classes, one or unknown ones, a class without a readable image, or files that cannot be read; the message names all.
    /// </exception>
    /// <exception cref="System.OperationCanceledException">It was stopped.</exception>
    /// <example>
    /// <code>
    /// var (training, test) = mlContext.Data.LoadImageFolder("photos").Split(0.2);
    /// var model = mlContext.Transforms.LoadImageFiles("Features", 224, 224)
    ///     .Append(mlContext.MulticlassClassification.Trainers.NoProp(NoPropOptions.Photos))
    ///     .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
    ///     .Fit(training.Data);
    /// </code>
    /// </example>
    public static ImageFolder LoadImageFolder(
        this DataOperationsCatalog catalog,
        string folder,
        UnreadableImages unreadable = UnreadableImages.Stop,
        System.Collections.Generic.IReadOnlyList<string>? classNames = null,
        System.Threading.CancellationToken cancellationToken = default)
    {
        System.ArgumentNullException.ThrowIfNull(catalog);
        System.ArgumentException.ThrowIfNullOrEmpty(folder);
        RequireKnown(unreadable, nameof(unreadable));
        return ImageFolderReader.Read(catalog, folder, unreadable, classNames, cancellationToken);
    }

    /// <summary>
    /// Reads image files into images of one size, as people have them: JPEG (CMYK, too), PNG (16 bits, too), WebP, BMP and GIF; the first
    /// frame of those that move; upright as the camera was held; in sRGB; on white where they are transparent; averaged where they are made
    /// smaller. HEIC, AVIF, TIFF, JPEG XL and JPEG 2000 are refused with a sentence. It is a part of the saved model, which then starts at
    /// a path, or at the bytes of a file, such as one that was sent to a server or lies in a database: rows may have either in the column.
    /// </summary>
    /// <param name="catalog">The transforms.</param>
    /// <param name="outputColumnName">
    /// The column of images, for <c>ExtractPixels</c> or a trainer that reads images, as NoProp does.
    /// </param>
    /// <param name="imageWidth">Columns of pixels, 1 to 16,384.</param>
    /// <param name="imageHeight">Rows of pixels, 1 to 16,384.</param>
    /// <param name="inputColumnName">
    /// The column of paths, relative to the current folder where they are relative, or of what the files hold, <c>byte[]</c>.
    /// </param>
    /// <param name="fit">What happens to images of another shape.</param>
    /// <returns>The estimator, which learns nothing.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException">A number, or the choice of what happens, is out of range.</exception>
    /// <exception cref="System.ArgumentException">A name is empty.</exception>
    public static ImageFileLoadingEstimator LoadImageFiles(
        this TransformsCatalog catalog,
        string outputColumnName,
        int imageWidth,
        int imageHeight,
        string inputColumnName = nameof(ImageRow.ImagePath),
        ImageFit fit = ImageFit.Crop)
    {
        const int mostPixels = 16_384;
        System.ArgumentNullException.ThrowIfNull(catalog);
        System.ArgumentOutOfRangeException.ThrowIfLessThan(imageWidth, 1);
        System.ArgumentOutOfRangeException.ThrowIfGreaterThan(imageWidth, mostPixels);
        System.ArgumentOutOfRangeException.ThrowIfLessThan(imageHeight, 1);
        System.ArgumentOutOfRangeException.ThrowIfGreaterThan(imageHeight, mostPixels);
        RequireKnown(fit, nameof(fit));
        return new ImageFileLoadingEstimator(
            HostEnvironment.Of(catalog),
            outputColumnName,
            inputColumnName,
            new ImageFrame(imageWidth, imageHeight, fit));
    }

    private static void RequireKnown<T>(T choice, string name)
        where T : struct, System.Enum
    {
        if (!System.Enum.IsDefined(choice))
        {
            throw new System.ArgumentOutOfRangeException(
                name, $"{typeof(T).Name} is {choice}, but must be one of {string.Join(", ", System.Enum.GetNames<T>())}.");
        }
    }
}
