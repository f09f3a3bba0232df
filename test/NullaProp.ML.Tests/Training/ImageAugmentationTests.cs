using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed partial class ImageAugmentationTests
{
    private const int Count = 5;
    private const int Height = 3;
    private const int Width = 4;

    private static readonly Augmentation Everything = new()
    {
        RandomCropPadding = 1,
        HorizontalFlipProbability = 0.5,
        RotationDegrees = 20,
        RandomResizedCrop = 0.5,
        BrightnessJitter = 0.5,
        ContrastJitter = 0.5,
        SaturationJitter = 0.5,
        Cutout = 0.5,
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
    public void Apply_ResizedCrop_EnlargesABoxWithinItsBoundsAndDarkensNoEdge()
    {
        using var scope = NewDisposeScope();
        const int side = 16;
        var ramp = tensor(
            Enumerable.Range(0, side * side).Select(i => (float)(100 + (i % side) + (100 * (i / side)))).ToArray(),
            [1, 1, side, side]);
        var images = ramp.expand(200, 1, side, side);

        var cut = new ImageAugmentation(new() { RandomResizedCrop = 0.75 }).Apply(images, TinyModel.Training(4));

        // On a ramp the steps between pixels are the shares of the sides that are left, away from the edges.
        var values = cut.data<float>().ToArray().Chunk(side * side).ToList();
        var shares = values.ConvertAll(image =>
            (Width: image[(8 * side) + 8] - image[(8 * side) + 7], Height: (image[(8 * side) + 8] - image[(7 * side) + 8]) / 100));
        Assert.IsTrue(shares.TrueForAll(share => share.Width is > 0.4f and < 1.001f && share.Height is > 0.4f and < 1.001f));
        Assert.IsTrue(shares.TrueForAll(share => share.Width * share.Height > 0.24f), "a quarter of the area is left at least");
        Assert.IsTrue(shares.TrueForAll(share => share.Width / share.Height is > 0.74f and < 1.34f));
        Assert.IsLessThan(0.4f, shares.Min(share => share.Width * share.Height), "small boxes occur");
        Assert.IsGreaterThan(0.85f, shares.Max(share => share.Width * share.Height), "large boxes occur");
        Assert.IsTrue(values.TrueForAll(image => image.Min() >= 100 && image.Max() <= 1715), "nothing comes from outside");
        Assert.IsGreaterThan(0, values.Count(image => image[0] < 101));
        Assert.IsGreaterThan(0, values.Count(image => image[^1] > 1600));
    }

    // A box of another shape than the image's is cut off by its longer side.
    [TestMethod]
    [DataRow(0.05)]
    [DataRow(0.3)]
    public void Apply_SmallResizedCrop_LeavesTheRestOfTheArea(double cut)
    {
        using var scope = NewDisposeScope();
        const int side = 16;
        var ramp = tensor(
            Enumerable.Range(0, side * side).Select(i => (float)((i % side) + (100 * (i / side)))).ToArray(),
            [1, 1, side, side]);

        var images = new ImageAugmentation(new() { RandomResizedCrop = cut }).Apply(ramp.expand(200, 1, side, side), TinyModel.Training(4));

        var areas = images.data<float>().ToArray().Chunk(side * side).Select(image =>
            (image[(8 * side) + 8] - image[(8 * side) + 7]) * (image[(8 * side) + 8] - image[(7 * side) + 8]) / 100).ToArray();
        Assert.IsGreaterThan(1 - cut - 0.001, areas.Min()); // single precision
        Assert.IsLessThan(1 - (0.9 * cut), areas.Min(), "as much as that is cut off, too");
    }

    [TestMethod]
    [DataRow(ScalarType.Byte)]
    [DataRow(ScalarType.Float32)]
    public void Apply_Brightness_MultipliesByTheDraws(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(3, type);

        var changed = new ImageAugmentation(new() { BrightnessJitter = 0.4 }).Apply(pixels, training);

        var factors = Draws(training.Stream("brightness"), stream => 0.6 + (0.8 * stream.Uniform()));
        AssertPixels(pixels, changed, (image, channel, y, x, read) => (float)(read(image, channel, y, x) * factors[image]), 1e-3);
    }

    [TestMethod]
    public void Apply_Contrast_StretchesAboutTheMeanByTheDraws()
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(3, ScalarType.Byte);

        var changed = new ImageAugmentation(new() { ContrastJitter = 0.4 }).Apply(pixels, training);

        var factors = Draws(training.Stream("contrast"), stream => 0.6 + (0.8 * stream.Uniform()));
        var means = pixels.to(ScalarType.Float64).mean([1, 2, 3]).data<double>().ToArray();
        AssertPixels(
            pixels,
            changed,
            (image, channel, y, x, read) => (float)(means[image] + ((read(image, channel, y, x) - means[image]) * factors[image])),
            1e-3);
    }

    [TestMethod]
    public void Apply_Saturation_LeavesTheGreyValueAndStretchesTheColours()
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(3, ScalarType.Byte);

        var changed = new ImageAugmentation(new() { SaturationJitter = 0.4 }).Apply(pixels, training);

        var factors = Draws(training.Stream("saturation"), stream => 0.6 + (0.8 * stream.Uniform()));
        AssertPixels(
            pixels,
            changed,
            (image, channel, y, x, read) =>
            {
                var grey = (0.299 * read(image, 0, y, x)) + (0.587 * read(image, 1, y, x)) + (0.114 * read(image, 2, y, x));
                return (float)(grey + ((read(image, channel, y, x) - grey) * factors[image]));
            },
            1e-3);
    }

    [TestMethod]
    [DataRow(1, ScalarType.Byte, 0.5)]
    [DataRow(3, ScalarType.Float32, 0.5)]
    [DataRow(3, ScalarType.Byte, 1.0)]
    public void Apply_Cutout_BlanksASquareAboutTheDraws(int channels, ScalarType type, double share)
    {
        using var scope = NewDisposeScope();
        var training = TinyModel.Training(3);
        var pixels = Images(channels, type);

        var changed = new ImageAugmentation(new() { Cutout = share }).Apply(pixels, training);

        var side = share == 1 ? 3 : 2; // of a height of 3, the shorter side
        var centres = Draws(training.Stream("cutout"), stream => (Y: stream.Below(Height), X: stream.Below(Width)));
        Assert.AreEqual(type, changed.dtype);
        AssertPixels(
            pixels,
            changed,
            (image, channel, y, x, read) => IsIn(y, centres[image].Y) && IsIn(x, centres[image].X) ? 0 : read(image, channel, y, x),
            0);

        bool IsIn(int place, int centre) => place >= centre - (side / 2) && place < centre - (side / 2) + side;
    }

    [TestMethod]
    public void Presets_AreInRangeAndNoneIsNothing()
    {
        foreach (var preset in new[] { Augmentation.None, Augmentation.Photos, Augmentation.Digits })
        {
            new NoPropOptions { Augmentation = preset }.Validate();
        }

        Assert.AreEqual(new Augmentation(), Augmentation.None);
        Assert.AreEqual(0, Augmentation.Digits.HorizontalFlipProbability);
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
}
