using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A model that cannot be trained further with these options or on this data: told before the data is read.</summary>
[TestClass]
public sealed class ContinuedFitTests
{
    // What was trained on pixels of 0 to 255 stays so: photos of the night are no pixels divided by 255.
    [TestMethod]
    public void Fit_DarkPhotosFromAModelOfPixels_IsOneOfPixels()
    {
        var context = new MLContext(seed: 1);
        using var first = Tiny.Trainer(context).Fit(Tiny.Data(context));
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = Array.ConvertAll(photo.Features, pixel => MathF.Floor(pixel / 20)));

        using var second = Tiny.Trainer(context).Fit(
            context.Data.LoadFromEnumerable(photos), new NoPropRun { Previous = first });

        Assert.IsTrue(first.Scorer.Model.IsOfBytes);
        Assert.IsTrue(second.Scorer.Model.IsOfBytes);
    }

    [TestMethod]
    public void Fit_OtherArchitecture_ListsTheOptionsThatDiffer()
    {
        var context = new MLContext(seed: 1);
        using var previous = Tiny.Model(context);
        var trainer = Tiny.Trainer(
            context,
            Tiny.Options with
            {
                HiddenSize = 8,
                Epochs = 7,
                Embedding = Tiny.Options.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm },
            });

        var fault = Fault.Caused<ArgumentException>(
            () => trainer.Fit(Tiny.Data(context), previous),
            "The model cannot be trained further with these options: HiddenSize is 8 instead of 16, Embedding.Kind is LearnedUnitNorm "
                + "instead of OneHot.",
            "Give the trainer previous.Model.Options with { … }.");

        Assert.AreEqual("previous", fault.ParamName);
        Tiny.AssertScores(context, previous);
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_OtherClasses_NamesThem()
    {
        var context = new MLContext(seed: 1);
        using var previous = TinyImages.Trainer(context).Fit(TinyImages.Keys(context));
        var reversed = TinyImages.WithKeys(
            context,
            context.Data.LoadFromEnumerable(TinyImages.Rows(12, 3, index => TinyImages.Names[2 - index])));
        var four = TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(TinyImages.Rows(12, 4, index => TinyImages.Names[index])));

        Fault.Of<ArgumentOutOfRangeException>(
            () => TinyImages.Trainer(context).Fit(reversed, previous),
            "Label column 'Label' has class 'owl' where the model has 'cat'.");
        Fault.Of<ArgumentOutOfRangeException>(
            () => TinyImages.Trainer(context).Fit(four, previous),
            "Label column 'Label' has 4 classes, but the model has 3.");
    }

    [TestMethod]
    public void Fit_OtherImageSize_NamesBoth()
    {
        var context = new MLContext(seed: 1);
        using var previous = Tiny.Model(context);
        var wide = context.Data.LoadFromEnumerable([new Flat()]);

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(wide, previous),
            "Column 'Features' holds 96 values, but NoProp needs 64 values (1×8×8).");
        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context, Tiny.Options with { ImageShape = new(1, 8, 12) }).Fit(wide, previous),
            "ImageShape is 1×8×12, but the model to train further is for images of 1×8×8. Leave the option out, or change ResizeImages "
                + "upstream.");
    }

    [TestMethod]
    public void Fit_DisposedModel_SaysSo()
    {
        var context = new MLContext(seed: 1);
        var previous = Tiny.Model(context);
        previous.Dispose();

        Fault.Caused<ObjectDisposedException>(() => Tiny.Trainer(context).Fit(Tiny.Data(context), previous), "NoPropTransformer");
    }

    private sealed class Flat
    {
        [Microsoft.ML.Data.KeyType(2)]
        public uint Label { get; set; }

        [Microsoft.ML.Data.VectorType(96)]
        public float[] Features { get; set; } = new float[96];
    }
}
