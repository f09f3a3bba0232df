using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Random changes of training images that leave their class as it is: shifted by whole pixels, mirrored, rotated; each image by its own
/// draw. What comes in from outside
/// the image is 0 in raw pixels, as in the usual recipe (He et al. 2016, arXiv 1512.03385, section 4.2): black where pixels are bytes, the
/// mean where they are centred.
/// </summary>
/// <param name="options">What is changed, and how much.</param>
internal sealed class ImageAugmentation(Augmentation options)
{
    private bool Indexes => options.RandomCropPadding > 0 || options.HorizontalFlipProbability > 0;

    /// <summary>Returns changed images, or the same tensor where all changes are off.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
    /// <param name="at">The place in the training; each kind of change draws from a stream of its own.</param>
    /// <returns>Raw pixels, (B, C, H, W), of the same type; floats after a rotation.</returns>
    public Tensor Apply(Tensor pixels, TrainingContext at)
    {
        if (!Indexes && options.RotationDegrees == 0)
        {
            return pixels;
        }

        using var scope = NewDisposeScope();
        var moved = Indexes ? Moved(pixels, at) : pixels;
        var turned = options.RotationDegrees > 0 ? Turned(moved, at) : moved;
        return turned.MoveToOuterDisposeScope();
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
            : Draws(count, at.Stream(name), stream => (long)stream.Below((2 * options.RandomCropPadding) + 1));

    private bool[] Flips(long count, TrainingContext at) =>
        options.HorizontalFlipProbability == 0
            ? new bool[count]
            : Draws(count, at.Stream("flip"), stream => stream.Uniform() < options.HorizontalFlipProbability);

    private static T[] Draws<T>(long count, RandomStream stream, Func<RandomStream, T> draw)
    {
        var draws = new T[count];
        for (var i = 0; i < draws.Length; i++)
        {
            draws[i] = draw(stream);
        }

        return draws;
    }

    // About the centre, each pixel of the result between the four that it falls among.
    private Tensor Turned(Tensor pixels, TrainingContext at)
    {
        var shape = pixels.shape;
        var aspect = (double)shape[2] / shape[3]; // affine_grid measures both sides from −1 to 1
        var most = options.RotationDegrees * Math.PI / 180;
        var angles = Draws(shape[0], at.Stream("rotation"), stream => ((2 * stream.Uniform()) - 1) * most);
        float[] turns = [.. angles.SelectMany(angle => Turn(Math.Cos(angle), Math.Sin(angle), aspect))];
        var matrices = tensor(turns, dtype: ScalarType.Float32, device: pixels.device).view(-1, 2, 3);
        var grid = nn.functional.affine_grid(matrices, shape, align_corners: false); // (B, H, W, 2)
        var images = pixels.to(ScalarType.Float32);
        return nn.functional.grid_sample( // (B, C, H, W)
            images,
            grid,
            GridSampleMode.Bilinear,
            GridSamplePaddingMode.Zeros,
            align_corners: false);
    }

    private static float[] Turn(double cosine, double sine, double aspect) =>
        [(float)cosine, (float)(-sine * aspect), 0, (float)(sine / aspect), (float)cosine, 0];
}
