using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Interop;

/// <summary>What the steps that make an image do to it, as far as a file can say it. Found from the last step to the first.</summary>
internal sealed record ImageMaking
{
    private int _fits;
    private ImageFit? _fit;

    /// <summary>Gets a value indicating whether ML.NET makes red, green and blue the same.</summary>
    public bool IsGrey { get; private init; }

    /// <summary>Gets how images of another shape are brought to this one; <see langword="null"/> where no one word says it.</summary>
    public ImageFit? Fit => _fits == 1 ? _fit : null;

    /// <summary>Gets the step that makes the image of what no file can say; <see langword="null"/> where there is none.</summary>
    public string? UnknownStep { get; private init; }

    /// <summary>Adds the step before.</summary>
    /// <param name="step">The step.</param>
    /// <param name="column">The column of the image that it makes.</param>
    public ImageMaking After(ITransformer step, string column) => step switch
    {
        ImageGrayscalingTransformer => this with { IsGrey = true },
        ImageFileLoadingTransformer loading => Fitted(loading.Fit),
        ImageResizingTransformer resizing => Fitted(FitOf(resizing.Columns.Single(options => options.Name == column))),
        ColumnCopyingTransformer or ImageLoadingTransformer or VectorToImageConvertingTransformer => this,
        _ => this with { UnknownStep = NameOf(step) },
    };

    /// <summary>Returns the name of a step's type, without the number of types that it is made of.</summary>
    /// <param name="step">The step.</param>
    public static string NameOf(ITransformer step) => step.GetType().Name.Split('`')[0];

    private ImageMaking Fitted(ImageFit? fit) => this with { _fit = fit, _fits = _fits + 1 };

    // ML.NET pads with transparent black, ImageFit.Pad with white.
    private static ImageFit? FitOf(ImageResizingEstimator.ColumnOptions options) => (options.Resizing, options.Anchor) switch
    {
        (ImageResizingEstimator.ResizingKind.Fill, _) => ImageFit.Stretch,
        (ImageResizingEstimator.ResizingKind.IsoCrop, ImageResizingEstimator.Anchor.Center) => ImageFit.Crop,
        _ => null,
    };
}
