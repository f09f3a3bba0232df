using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Random changes of training images that leave their class as it is: shifted by whole pixels, mirrored, rotated; each image by its own draw. What comes in from outside
/// the image is 0 in raw pixels, as in the usual recipe (He et al. 2016, arXiv 1512.03385, section 4.2): black where pixels are bytes, the mean where they are centred.
/// </summary>
/// <param name="options">What is changed, and how much.</param>
internal sealed class Augmentation(NoPropOptions options)
{
    private bool Indexes => options.RandomCropPadding > 0 || options.HorizontalFlipProbability > 0;

    /// <summary>Returns changed images, or the same tensor where all changes are off.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
    /// <param name="generator">The source of randomness, on the CPU; untouched by what is off.</param>
    /// <returns>Raw pixels, (B, C, H, W), of the same type; floats after a rotation.</returns>
    public Tensor Apply(Tensor pixels, Generator generator)
    {
        if (!Indexes && options.RotationDegrees == 0)
        {
            return pixels;
        }

        using var scope = NewDisposeScope();
        var moved = Indexes ? Moved(pixels, generator) : pixels;
        var turned = options.RotationDegrees > 0 ? Turned(moved, generator) : moved;
        return turned.MoveToOuterDisposeScope();
    }

    // Row y of the result is row y + down of the padded image, column x is column x + right, or its mirror image.
    private Tensor Moved(Tensor pixels, Generator generator)
    {
        var (count, channels, height, width) = (pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3]);
        var padding = options.RandomCropPadding;
        var down = Offsets(count, generator);
        var right = Offsets(count, generator);
        var isFlipped = Flips(count, generator);
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
        var rowIndex = tensor(rows).to(pixels.device).view(count, 1, height, 1).expand(count, channels, height, width + (2 * padding));
        var columnIndex = tensor(columns).to(pixels.device).view(count, 1, 1, width).expand(count, channels, height, width);
        return padded.gather(2, rowIndex).gather(3, columnIndex); // (B, C, H, W)
    }

    private long[] Offsets(long count, Generator generator) =>
        options.RandomCropPadding == 0
            ? new long[count]
            : randint(0, (2 * options.RandomCropPadding) + 1, [count], dtype: ScalarType.Int64, generator: generator).data<long>().ToArray();

    private bool[] Flips(long count, Generator generator) =>
        options.HorizontalFlipProbability == 0
            ? new bool[count]
            : [.. rand([count], dtype: ScalarType.Float64, generator: generator).data<double>().Select(draw => draw < options.HorizontalFlipProbability)];

    // About the centre, each pixel of the result between the four that it falls among.
    private Tensor Turned(Tensor pixels, Generator generator)
    {
        var shape = pixels.shape;
        var aspect = (double)shape[2] / shape[3]; // affine_grid measures both sides from −1 to 1
        var angles = rand([shape[0]], dtype: ScalarType.Float64, generator: generator).data<double>()
            .Select(draw => ((2 * draw) - 1) * options.RotationDegrees * Math.PI / 180);
        float[] turns = [.. angles.SelectMany(angle => Turn(Math.Cos(angle), Math.Sin(angle), aspect))];
        var grid = nn.functional.affine_grid(tensor(turns).view(-1, 2, 3).to(pixels.device), shape, align_corners: false); // (B, H, W, 2)
        return nn.functional.grid_sample(pixels.to(ScalarType.Float32), grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false); // (B, C, H, W)
    }

    private static float[] Turn(double cosine, double sine, double aspect) =>
        [(float)cosine, (float)(-sine * aspect), 0, (float)(sine / aspect), (float)cosine, 0];
}
