using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>Pixels to change, and what they are compared with.</summary>
public sealed partial class ImageAugmentationTests
{
    private delegate float Reading(int image, int channel, int y, int x);

    // Every pixel of the result, against what 'expected' reads out of the original, 0 outside of it.
    private static void AssertPixels(Tensor original, Tensor changed, Func<int, int, int, int, Reading, float> expected, double delta)
    {
        var channels = (int)original.shape[1];
        var source = original.to(ScalarType.Float32).data<float>().ToArray();
        var actual = changed.to(ScalarType.Float32).data<float>().ToArray();
        CollectionAssert.AreEqual(original.shape, changed.shape);
        for (var i = 0; i < actual.Length; i++)
        {
            var (image, channel, y, x) = (i / (channels * Height * Width), i / (Height * Width) % channels, i / Width % Height, i % Width);
            Assert.AreEqual(
                expected(image, channel, y, x, Read),
                actual[i],
                delta,
                $"image {image}, channel {channel}, row {y}, column {x}");
        }

        float Read(int image, int channel, int y, int x) =>
            y is >= 0 and < Height && x is >= 0 and < Width ? source[(((((image * channels) + channel) * Height) + y) * Width) + x] : 0;
    }

    // Bilinear interpolation at the place that the rotation carries to (y, x).
    private static float Between(int y, int x, double angle, Func<int, int, float> read)
    {
        var (right, down) = (x - ((Width - 1) / 2.0), y - ((Height - 1) / 2.0));
        var column = (Math.Cos(angle) * right) - (Math.Sin(angle) * down) + ((Width - 1) / 2.0);
        var row = (Math.Sin(angle) * right) + (Math.Cos(angle) * down) + ((Height - 1) / 2.0);
        var (left, top) = ((int)Math.Floor(column), (int)Math.Floor(row));
        var (acrossShare, downShare) = (column - left, row - top);
        return (float)(
            ((1 - downShare) * (((1 - acrossShare) * read(top, left)) + (acrossShare * read(top, left + 1))))
            + (downShare * (((1 - acrossShare) * read(top + 1, left)) + (acrossShare * read(top + 1, left + 1)))));
    }

    private static Tensor Images(int channels, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(9);
        return randint(1, 256, [Count, channels, Height, Width], dtype: ScalarType.Int64, generator: generator)
            .to(type)
            .MoveToOuterDisposeScope();
    }

    private static T[] Draws<T>(
        RandomStream stream,
        Func<RandomStream, T> draw) => [.. Enumerable.Range(0, Count).Select(_ => draw(stream))];
}
