using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Texts that name a row which cannot be read: those that are there anyway.</summary>
[TestClass]
public sealed class RowReaderTests
{
    private static readonly MLContext Context = new(seed: 1);

    // Nobody reads what it makes: neither may it cost anything, nor may its faults be those of the images.
    [TestMethod]
    public void FitAndTransform_TextThatAStepMakes_IsNeverMade()
    {
        var made = 0;
        var data = TinyImages.Keys(Context);
        var noted = Context.Transforms
            .CustomMapping<Image, Noted>((_, noted) => noted.Note = ++made > 0 ? throw new IOException("no notes") : string.Empty, null)
            .Fit(data).Transform(data);

        using var model = TinyImages.Trainer(Context).Fit(noted);
        var scores = model.Transform(noted).GetColumn<float[]>("Score").ToArray();

        Assert.HasCount(48, scores);
        Assert.AreEqual(0, made);
    }

    private sealed class Image
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Noted
    {
        public string Note { get; set; } = string.Empty;
    }
}
