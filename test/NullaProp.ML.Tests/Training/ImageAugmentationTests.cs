using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class ImageAugmentationTests
{
    private const int Count = 5;
    private const int Height = 3;
    private const int Width = 4;

    private static readonly Augmentation Everything = new()
    {
        RandomCropPadding = 1,
        HorizontalFlipProbability = 0.5,
        RotationDegrees = 20,
    };

    [TestMethod]
    public void Apply_Off_GivesTheSameTensorAndDrawsNothing()
    {
        using var scope = NewDisposeScope();
        var asked = new List<string>();
        var training = new TrainingContext(new RandomStreams(1) { Asked = (name, _, _) => asked.Add(name) }, "training", 0, 0);
        var pixels = Images(1, ScalarType.Byte);

        var same = new ImageAugmentation(Augmentation.None).Apply(pixels, training);

        Assert.AreSame(pixels, same);
        Assert.IsEmpty(asked);
    }

    [TestMethod]
    [DataRow(1, ScalarType.Byte)]
    [DataRow(3, ScalarType.Byte)]
    [DataRow(1, ScalarType.Float32)]
    [DataRow(3, ScalarType.Float32)]
    public void Apply_FlipOfProbabilityOne_MirrorsEveryRow(int channels, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var pixels = Images(channels, type);

        var flipped = new ImageAugmentation(new() { HorizontalFlipProbability = 1 }).Apply(pixels, TinyModel.Training());

        Assert.AreEqual(type, flipped.dtype);
        AssertPixels(pixels, flipped, (image, channel, y, x, read) => read(image, channel, y, Width - 1 - x), 0);
    }

    [TestMethod]
    public void Apply_FlipOfHalf_MirrorsAsDrawn()
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(7);
        var pixels = Images(1, ScalarType.Byte);

        var flipped = new ImageAugmentation(new() { HorizontalFlipProbability = 0.5 }).Apply(pixels, training);

        var isFlipped = Draws(training.Stream("flip"), stream => stream.Uniform() < 0.5);
        Assert.IsTrue(isFlipped.Contains(true) && isFlipped.Contains(false), "both must occur for this test to tell anything");
        AssertPixels(pixels, flipped, (image, channel, y, x, read) => read(image, channel, y, isFlipped[image] ? Width - 1 - x : x), 0);
    }

    [TestMethod]
    [DataRow(1, ScalarType.Byte)]
    [DataRow(3, ScalarType.Byte)]
    [DataRow(1, ScalarType.Float32)]
    [DataRow(3, ScalarType.Float32)]
    public void Apply_Crop_ShiftsByTheDrawsAndFillsWithZeros(int channels, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(channels, type);

        var shifted = new ImageAugmentation(new() { RandomCropPadding = 2 }).Apply(pixels, training);

        var down = Draws(training.Stream("crop.down"), stream => stream.Below(5));
        var right = Draws(training.Stream("crop.right"), stream => stream.Below(5));
        Assert.IsTrue(down.Concat(right).Any(offset => offset != 2), "something must move for this test to tell anything");
        Assert.AreEqual(type, shifted.dtype);
        AssertPixels(
            pixels,
            shifted,
            (image, channel, y, x, read) => read(image, channel, (int)(y + down[image] - 2), (int)(x + right[image] - 2)),
            0);
    }

    [TestMethod]
    [DataRow(1, ScalarType.Byte)]
    [DataRow(3, ScalarType.Float32)]
    public void Apply_Rotation_InterpolatesAboutTheCentre(int channels, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(channels, type);

        var turned = new ImageAugmentation(new() { RotationDegrees = 90 }).Apply(pixels, training);

        var angles = Draws(training.Stream("rotation"), stream => ((2 * stream.Uniform()) - 1) * Math.PI / 2);
        // coordinates in single precision
        AssertPixels(
            pixels,
            turned,
            (image, channel, y, x, read) => Between(y, x, angles[image], (row, column) => read(image, channel, row, column)),
            0.01);
    }

    [TestMethod]
    public void Apply_SameSeed_GivesTheSameAndAnotherSeedAnother()
    {
        float[] Run(int seed)
        {
            using var scope = NewDisposeScope();
            return new ImageAugmentation(Everything).Apply(Images(3, ScalarType.Byte), TinyModel.Training(seed)).data<float>().ToArray();
        }

        CollectionAssert.AreEqual(Run(1), Run(1));
        CollectionAssert.AreNotEqual(Run(1), Run(2));
    }

    [TestMethod]
    public void Apply_Everything_KeepsTheShapeAndLeavesOneTensor()
    {
        using var pixels = Images(3, ScalarType.Byte);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using var changed = new ImageAugmentation(Everything).Apply(pixels, TinyModel.Training());

        CollectionAssert.AreEqual(pixels.shape, changed.shape);
        Assert.AreEqual(before + 1, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

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
