using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Random changes of training images that leave their class as it is: shifted by whole pixels, mirrored, rotated, cut and enlarged, other
/// colours, a square blanked; each image by its own draw. What comes in from outside the image is 0 in raw pixels, as in the usual recipe
/// (He et al. 2016, arXiv 1512.03385, section 4.2): black where pixels are bytes, the mean where they are centred.
/// </summary>
/// <param name="options">What is changed, and how much.</param>
internal sealed class ImageAugmentation(Augmentation options)
{
    private static readonly double WidestRatio = Math.Log(4.0 / 3); // of the sides of a crop, against those of the image

    private readonly ColorJitter _colors = new(options);

    private bool Moves => options.RandomCropPadding > 0 || options.HorizontalFlipProbability > 0;

    private bool Warps => options.RotationDegrees > 0 || options.RandomResizedCrop > 0;

    /// <summary>Returns changed images, or the same tensor where all changes are off.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
    /// <param name="at">The place in the training; each kind of change draws from a stream of its own.</param>
    /// <returns>Raw pixels, (B, C, H, W), of the same type; floats where they were interpolated or changed in colour.</returns>
    public Tensor Apply(Tensor pixels, TrainingContext at)
    {
        if (options == Augmentation.None)
        {
            return pixels;
        }

        using var scope = NewDisposeScope();
        var changed = Moves ? Moved(pixels, at) : pixels;
        changed = Warps ? Warped(changed, at) : changed;
        changed = _colors.Apply(changed, at);
        changed = options.Cutout > 0 ? Blanked(changed, at) : changed;
        return changed.MoveToOuterDisposeScope();
    }

    // Row y of the result is row y + down of the padded image, column x is column x + right, or its mirror image.
    private Tensor Moved(Tensor pixels, TrainingContext at)
    {
        var (count, channels, height, width) = (pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3]);
        var padding = options.RandomCropPadding;
        var down = Offsets(count, at, "crop.down");
        var right = Offsets(count, at, "crop.right");
        var isFlipped = Flips(count, at);
        var rows = new long[count * height];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = (i % height) + down[i / height];
        }

        var columns = new long[count * width];
        for (var i = 0; i < columns.Length; i++)
        {
            var x = i % width;
            columns[i] = (isFlipped[i / width] ? width - 1 - x : x) + right[i / width];
        }

        var padded = padding == 0 ? pixels : nn.functional.pad(pixels, [padding, padding, padding, padding]); // (B, C, H + 2P, W + 2P)
        var rowIndex = Indices(rows).view(count, 1, height, 1).expand(count, channels, height, width + (2 * padding));
        var columnIndex = Indices(columns).view(count, 1, 1, width).expand(count, channels, height, width);
        return padded.gather(2, rowIndex).gather(3, columnIndex); // (B, C, H, W)

        Tensor Indices(long[] places) => tensor(places, dtype: ScalarType.Int64, device: pixels.device);
    }

    private long[] Offsets(long count, TrainingContext at, string name) =>
        options.RandomCropPadding == 0
            ? new long[count]
            : at.Stream(name).Draws(count, stream => (long)stream.Below((2 * options.RandomCropPadding) + 1));

    private bool[] Flips(long count, TrainingContext at) =>
        options.HorizontalFlipProbability == 0
            ? new bool[count]
            : at.Stream("flip").Draws(count, stream => stream.Uniform() < options.HorizontalFlipProbability);

    // Turned about the centre and then cut: each pixel of the result between the four that it falls among.
    private Tensor Warped(Tensor pixels, TrainingContext at)
    {
        var shape = pixels.shape;
        var turns = Turns(shape[0], at);
        var crops = Crops(shape[0], at);
        var aspect = (double)shape[2] / shape[3]; // affine_grid measures both sides from −1 to 1
        float[] places = [.. turns.Zip(crops).SelectMany(pair => Place(pair.First, pair.Second, aspect))];
        var matrices = tensor(places, dtype: ScalarType.Float32, device: pixels.device).view(-1, 2, 3);
        var grid = nn.functional.affine_grid(matrices, shape, align_corners: false); // (B, H, W, 2)
        return nn.functional.grid_sample( // (B, C, H, W)
            pixels.to(ScalarType.Float32),
            grid,
            GridSampleMode.Bilinear,
            options.RotationDegrees > 0 ? GridSamplePaddingMode.Zeros : GridSamplePaddingMode.Border, // a crop has nothing outside
            align_corners: false);
    }

    private double[] Turns(long count, TrainingContext at)
    {
        var most = options.RotationDegrees * Math.PI / 180;
        return most == 0 ? new double[count] : at.Stream("rotation").Draws(count, stream => stream.Between(-most, most));
    }

    private Crop[] Crops(long count, TrainingContext at) => options.RandomResizedCrop == 0
        ? [.. Enumerable.Repeat(Crop.Whole, (int)count)]
        : at.Stream("resized-crop").Draws(count, stream =>
        {
            var area = stream.Between(1 - options.RandomResizedCrop, 1);
            var widest = Math.Min(WidestRatio, -Math.Log(area)); // no side is longer than the image's
            var ratio = Math.Exp(stream.Between(-widest, widest));
            var (width, height) = (Math.Min(1, Math.Sqrt(area * ratio)), Math.Min(1, Math.Sqrt(area / ratio))); // 1 but for rounding
            return new Crop(width, height, stream.Between(width - 1, 1 - width), stream.Between(height - 1, 1 - height));
        });

    // The six numbers that say where in the image the point (x, y) of the result lies: turn · (centre + share · point).
    private static float[] Place(double angle, Crop crop, double aspect)
    {
        var (sine, cosine) = Math.SinCos(angle);
        var (across, down) = (-sine * aspect, sine / aspect);
        return
        [
            (float)(cosine * crop.Width), (float)(across * crop.Height), (float)((cosine * crop.X) + (across * crop.Y)),
            (float)(down * crop.Width), (float)(cosine * crop.Height), (float)((down * crop.X) + (cosine * crop.Y)),
        ];
    }

    private Tensor Blanked(Tensor pixels, TrainingContext at)
    {
        var (count, height, width) = (pixels.shape[0], (int)pixels.shape[2], (int)pixels.shape[3]);
        var side = Math.Max(1, (int)Math.Round(options.Cutout * Math.Min(height, width)));
        var centres = at.Stream("cutout").Draws(count, stream => (Y: stream.Below(height), X: stream.Below(width)));
        var rows = Inside([.. centres.Select(centre => centre.Y)], height).view(count, 1, height, 1);
        var columns = Inside([.. centres.Select(centre => centre.X)], width).view(count, 1, 1, width);
        return pixels * rows.logical_and(columns).logical_not().to(pixels.dtype); // (B, C, H, W)

        Tensor Inside(int[] middles, int length)
        {
            var inside = new bool[middles.Length * length];
            for (var i = 0; i < inside.Length; i++)
            {
                var place = (i % length) - middles[i / length] + (side / 2);
                inside[i] = place >= 0 && place < side;
            }

            return tensor(inside, dtype: ScalarType.Bool, device: pixels.device);
        }
    }

    // What is left of an image: shares of its sides, and its centre, from −1 to 1.
    private readonly record struct Crop(double Width, double Height, double X, double Y)
    {
        public static Crop Whole { get; } = new(1, 1, 0, 0);
    }
}

/// <summary>
/// Random changes of brightness, contrast and saturation, in this order; each image by its own draw. Values are not clipped: the network
/// takes any, and bytes and floats are changed alike.
/// </summary>
/// <param name="options">What is changed, and how much.</param>
internal sealed class ColorJitter(Augmentation options)
{
    // The luma of ITU-R BT.601, as single channels of colour images are made.
    private static readonly float[] Luma = [0.299f, 0.587f, 0.114f];

    private bool IsOff => options is { BrightnessJitter: 0, ContrastJitter: 0, SaturationJitter: 0 };

    /// <summary>Returns images of other colours, or the same tensor where all changes are off.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), bytes or floats; three channels where saturation is changed.</param>
    /// <param name="at">The place in the training; each kind of change draws from a stream of its own.</param>
    /// <returns>Floats, (B, C, H, W).</returns>
    public Tensor Apply(Tensor pixels, TrainingContext at)
    {
        if (IsOff)
        {
            return pixels;
        }

        using var scope = NewDisposeScope();
        var changed = pixels.to(ScalarType.Float32);
        if (options.BrightnessJitter > 0)
        {
            changed *= Factors(pixels, options.BrightnessJitter, at, "brightness");
        }

        if (options.ContrastJitter > 0)
        {
            changed = Stretched(changed, changed.mean([1, 2, 3], keepdim: true), Factors(pixels, options.ContrastJitter, at, "contrast"));
        }

        if (options.SaturationJitter > 0)
        {
            var luma = tensor(Luma, dtype: ScalarType.Float32, device: pixels.device).view(1, 3, 1, 1);
            var grey = (changed * luma).sum(1, keepdim: true); // (B, 1, H, W)
            changed = Stretched(changed, grey, Factors(pixels, options.SaturationJitter, at, "saturation"));
        }

        return changed.MoveToOuterDisposeScope();
    }

    private static Tensor Stretched(Tensor pixels, Tensor middle, Tensor factors) => ((pixels - middle) * factors).Plus(middle);

    // 1 − most to 1 + most, (B, 1, 1, 1).
    private static Tensor Factors(Tensor pixels, double most, TrainingContext at, string name)
    {
        float[] factors = at.Stream(name).Draws(pixels.shape[0], stream => (float)stream.Between(1 - most, 1 + most));
        return tensor(factors, dtype: ScalarType.Float32, device: pixels.device).view(-1, 1, 1, 1);
    }
}
