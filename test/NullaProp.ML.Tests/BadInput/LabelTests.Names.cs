using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Classes that are named and have no rows, or names too long.</summary>
public sealed partial class LabelTests
{
    // As of rows that come sorted by class, of which the first are taken.
    [TestMethod]
    public void Fit_ClassWithoutRows_IsNamedInAWarning()
    {
        var context = new MLContext(seed: 1);
        var log = new LogLines();

        Tiny.Trainer(context).Fit(PhotosOf(context, ["cat", "dog", "bird"], named: 2), new NoPropRun { Logger = log }).Dispose();

        Assert.Contains(
            "1 of 3 classes of label column 'Label' have no training row, and will hardly ever be predicted: 'bird'. Shuffle rows that "
            + "come sorted by class before they are cut or split.",
            log.Lines.Select(line => line.Text));
    }

    // From scratch 300 photos of three classes give 67 to 77 %, and 90 with the network that has seen others.
    [TestMethod]
    [DataRow(3, 36, true)]
    [DataRow(3, 1000, false)]
    [DataRow(1, 36, false)]
    public void Fit_FewImagesInColour_NamesTheNetworkThatKnowsPhotos(int channels, int images, bool isWarned)
    {
        var context = new MLContext(seed: 1);
        var log = new LogLines();
        var rows = TinyImages.Pixels(images, 3, channels)
            .Select(image => new ImageRow<string> { Features = image.Pixels, Label = TinyImages.Names[image.Class] })
            .ToList();
        var data = TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows, TinyImages.Sized<string>(channels)));

        TinyImages.Trainer(context, options => options with { Epochs = 1 }).Fit(data, new NoPropRun { Logger = log }).Dispose();

        Assert.AreEqual(isWarned, log.Lines.Any(line => line.Text == $"{images} images in colour are few for a network that knows nothing "
            + "yet. If they are photos, NoPropOptions.Photos, with images of 3×224×224, begins with one that has seen a million."));
    }

    // Said before the training and not when its model is saved.
    [TestMethod]
    public void Fit_ClassNamesTooLongForAFile_AreRefused()
    {
        var context = new MLContext(seed: 1);
        string[] names = [.. Enumerable.Range(0, 200).Select(number => new string('x', 100_000) + number)];

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(PhotosOf(context, names, named: 2)),
            "The description of the model takes 20,0",
            " bytes, but may take 16,777,216: give the classes, or the slots of the feature column, shorter names.");
    }

    // A file would hold the same character in place of both.
    [TestMethod]
    public void Fit_ClassNamesOfHalfACharacter_AreRefused()
    {
        var context = new MLContext(seed: 1);

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(PhotosOf(context, ["\ud83d\ude00", "\ud83d", "\ude00"], named: 3)),
            "The name '\ud83d' of a class, or of a slot of the feature column, holds a surrogate without its other half");
    }

    // Photos of the first classes.
    private static IDataView PhotosOf(MLContext context, string[] names, int named)
    {
        var photos = context.Data.LoadFromEnumerable(Tiny.Photos(12).Index().Select(photo =>
        {
            photo.Item.Name = names[photo.Index % named];
            return photo.Item;
        }).ToList());
        var all = context.Data.LoadFromEnumerable(names.Select(name => new KnownClass { Name = name }).ToList());
        return context.Transforms.Conversion.MapValueToKey("Label", "Name", keyData: all).Fit(photos).Transform(photos);
    }

    private sealed class KnownClass
    {
        public string Name { get; init; } = string.Empty;
    }
}
