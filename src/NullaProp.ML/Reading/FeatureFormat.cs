using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Reading;

/// <summary>How the values of a feature column are laid out.</summary>
internal enum PixelLayout
{
    /// <summary>A vector, channel by channel: C, H, W.</summary>
    Planar,

    /// <summary>A vector, pixel by pixel: H, W, C.</summary>
    Interleaved,

    /// <summary>An image object.</summary>
    Image,
}

/// <summary>What a feature column holds: its image size and layout, found from the column's type and the options.</summary>
/// <param name="Shape">The size of the images.</param>
/// <param name="Layout">The layout of the values.</param>
internal sealed record FeatureFormat(ImageShape Shape, PixelLayout Layout)
{
    private const int LeastSide = 8; // of what may be an image where nobody says so

    /// <summary>Finds the format of a column that has already been checked to hold vectors or images.</summary>
    /// <param name="column">The column.</param>
    /// <param name="wanted">The size that the images must have; <see langword="null"/> where only the column can tell.</param>
    /// <param name="backbone">The network that will read them; matters only where no size is wanted.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column gives no size, or another than wanted, or one too small.</exception>
    public static FeatureFormat Of(DataViewSchema.Column column, ImageShape? wanted, NoPropBackbone backbone = NoPropBackbone.SmallConv)
    {
        var format = column.Type switch
        {
            ImageDataViewType image => OfImage(column.Name, image, wanted, backbone),
            VectorDataViewType { IsKnownSize: true } vector => OfVector(column.Name, vector, wanted, backbone),
            VectorDataViewType { ItemType.RawType: var item } when item == typeof(byte) => throw Fault(
                $"Column '{column.Name}' is a vector of bytes of unknown size, but NoProp needs {Needed(wanted)}. If it holds image files, "
                + "as LoadRawImageBytes reads them for ImageClassification, make images of them before: "
                + $"Transforms.LoadImageFiles(\"Features\", width, height, \"{column.Name}\"); else set the size with [VectorType(n)]."),
            _ => throw Fault(
                $"Column '{column.Name}' is a vector of unknown size, but NoProp needs {Needed(wanted)}. "
                    + (backbone == NoPropBackbone.Mlp || wanted is { IsTable: true } ? "Make it with Concatenate" : "Add ExtractPixels")
                    + ", or set the size with [VectorType(n)]."),
        };
        var smallest = backbone.SmallestSide();
        return wanted is not null || (format.Shape.Channels >= 1 && format.Shape.Height >= smallest && format.Shape.Width >= smallest)
            ? format
            : throw Fault(
                $"Column '{column.Name}' holds images of {format.Shape}, but NoProp needs at least {smallest}×{smallest} pixels. "
                + "Enlarge them with LoadImageFiles or ResizeImages, set ImageShape if the sizes were misread, or choose the "
                    + "backbone Mlp for values that are no image.");
    }

    private static FeatureFormat OfImage(string name, ImageDataViewType type, ImageShape? wanted, NoPropBackbone backbone)
    {
        if (type.Height <= 0 || type.Width <= 0)
        {
            return wanted is null
                ? throw Fault(
                    $"Column '{name}' holds images of unknown size, and ImageShape is not set, so there is no image size to be found. " +
                    "Read the files with LoadImageFiles, add ResizeImages before NoProp, or set ImageShape.")
                : new(Displayable(name, wanted), PixelLayout.Image);
        }

        var shape = new ImageShape(wanted?.Channels ?? 3, type.Height, type.Width);
        return wanted is null || wanted == shape
            ? new(Displayable(name, shape), PixelLayout.Image)
            : throw Mismatch(name, $"images of {shape}", $"images of {wanted}", wanted, backbone);
    }

    private static ImageShape Displayable(string name, ImageShape shape) =>
        shape.Channels is 1 or 3
            ? shape
            : throw Fault(
                $"Column '{name}' holds images, which give 1 or 3 channels, but ImageShape asks for {shape.Channels}. Set 1 or 3, or "
                    + "use ExtractPixels.");

    private static FeatureFormat OfVector(string name, VectorDataViewType type, ImageShape? wanted, NoPropBackbone backbone)
    {
        var written = string.Join("×", type.Dimensions);
        if (wanted is not null)
        {
            return Fitting(type, wanted) is { } layout ? new(wanted, layout)
                : type.Size != wanted.Size ? throw Mismatch(name, Values(type.Size, written), Needed(wanted), wanted, backbone)
                : throw Fault(
                    $"Column '{name}' holds its {type.Size} values as {written}, which is no layout of images of {wanted}. " +
                    $"Use ExtractPixels, or make it a flat vector with [VectorType({type.Size})], channel by channel.");
        }

        int[] sizes = [.. type.Dimensions.Where(size => size != 1)];
        return (sizes.Length <= 1 || (backbone == NoPropBackbone.Mlp && !IsOfImages(type.Dimensions))
            ? []
            : sizes.Length < type.Dimensions.Length && type.Dimensions.Length <= 3 ? [.. type.Dimensions] : sizes) switch
        {
            [var height, var width] => new(new(1, height, width), PixelLayout.Planar),
            [1 or 3 or 4, var height, var width] and [var channels, ..] => new(new(channels, height, width), PixelLayout.Planar),
            [var height, var width, 1 or 3 or 4] and [.., var channels] => new(new(channels, height, width), PixelLayout.Interleaved),
            [var channels, var height, var width] => new(new(channels, height, width), PixelLayout.Planar),
            // each a channel, so that each is normalised by itself
            _ when backbone == NoPropBackbone.Mlp => new(new(type.Size, 1, 1), PixelLayout.Planar),
            _ => throw Fault(
                $"Column '{name}' is a flat vector of {type.Size} "
                    + $"values{(type.Dimensions.Length == 1 ? string.Empty : $" ({written})")}, and ImageShape is " +
                "not set, so there is no image size to be found. For a row of a table, "
                + (backbone == NoPropBackbone.Custom ? $"set ImageShape = new({type.Size}, 1, 1)" : "take NoPropOptions.Tables")
                + "; for an image, set ImageShape, or use ExtractPixels, whose vectors carry their size."),
        };
    }

    // As ExtractPixels makes them. Mlp reads all else as a table, whatever its dimensions: words of several columns, windows of a series.
    private static bool IsOfImages(IReadOnlyList<int> dimensions) =>
        dimensions is [1 or 3 or 4, >= LeastSide, >= LeastSide] or [>= LeastSide, >= LeastSide, 1 or 3 or 4];

    // Dimensions of 1 say nothing of the order: 1×512×1×1, as ML.NET's own networks make it, is a vector, and 1×3×32×32 an image.
    private static PixelLayout? Fitting(VectorDataViewType type, ImageShape wanted)
    {
        var sizes = type.Dimensions.Where(size => size != 1);
        return type.Size != wanted.Size ? null
            : wanted.IsTable || type.Dimensions.Length == 1 || IsMadeOf(wanted.Channels, wanted.Height, wanted.Width) ? PixelLayout.Planar
            : IsMadeOf(wanted.Height, wanted.Width, wanted.Channels) ? PixelLayout.Interleaved
            : null;

        bool IsMadeOf(params int[] layout) => sizes.SequenceEqual(layout.Where(size => size != 1));
    }

    private static string Values(int size, string written) =>
        $"{size} values{(written.Contains('×', StringComparison.Ordinal) ? $" ({written})" : string.Empty)}";

    private static ArgumentOutOfRangeException Mismatch(
        string name, string found, string needed, ImageShape wanted, NoPropBackbone backbone)
    {
        var cure = wanted.IsTable
            ? "Change the Concatenate that makes it."
            : "Change the size where the images are made (LoadImageFiles, or ResizeImages before ExtractPixels), or "
                + (backbone.IsPretrained()
                    ? $"choose another {nameof(NoPropOptions.Backbone)}: {NoPropBackbone.SmallConv} and {NoPropBackbone.ResNet18} begin "
                        + $"from nothing and read images of any size, {NoPropBackbone.Mlp} reads values that are no image."
                    : $"{nameof(NoPropOptions.ImageShape)}.");
        return Fault($"Column '{name}' holds {found}, but {(backbone.IsPretrained() ? backbone : "NoProp")} needs {needed}. {cure}");
    }

    private static string Needed(ImageShape? wanted) => wanted switch
    {
        null => "a known number of values",
        { IsTable: true } => $"{wanted.Size} values",
        _ => $"{wanted.Size} values ({wanted})",
    };

    private static ArgumentOutOfRangeException Fault(string message) =>
        UserFault.Of(new ArgumentOutOfRangeException(paramName: null, message));
}
