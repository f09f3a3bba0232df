using Microsoft.ML;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Reading;

[TestClass]
public sealed class LabelledRowsTests
{
    // Class weights follow from them, and streamed data is read again and again.
    [TestMethod]
    public void Totals_AfterAnotherReading_AreThoseOfOne()
    {
        var rows = new LabelledRows(TinyImages.Keys(new MLContext(), rows: 7), TinyImages.Options, wanted: null, static () => { });
        var pixels = new float[rows.Shape.Size];

        foreach (var reading in new[] { rows.Read(pixels).Take(3), rows.Read(pixels), rows.Again(pixels, before: 7) })
        {
            _ = reading.Count();
        }

        CollectionAssert.AreEqual(new[] { 3, 2, 2 }, rows.Totals.Rows.Select(count => (int)count).ToArray());
    }
}
