using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// Classes may be named by values of any type that MapValueToKey takes; awkward ones go the whole way from label to reloaded prediction.
/// </summary>
[TestClass]
public sealed class ClassNameTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void Load_TextNames_AreKept() => Check("a \"quoted\" {name}", "Käse, 漢字 🐱");

    [TestMethod]
    public void Load_UInt64Names_AreKept() => Check(ulong.MinValue, ulong.MaxValue);

    [TestMethod]
    public void Load_SingleNames_AreKept() => Check(0.1f, float.PositiveInfinity);

    [TestMethod]
    public void Load_DateTimeOffsetNames_AreKept() =>
        Check(
            new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(-5)),
            new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromMinutes(345)));

    private void Check<TLabel>(TLabel first, TLabel second)
        where TLabel : notnull
    {
        var labels = new[] { first, second };
        var data = TinyImages.WithKeys(_context, _context.Data.LoadFromEnumerable(TinyImages.Rows(8, 2, index => labels[index])));
        using var model = TinyImages.Trainer(_context, options => options with { Epochs = 1 }).Fit(data);

        var loaded = (NoPropTransformer)EstimatorContract.Reloaded(_context, model, data.Schema);

        var named = _context.Transforms.Conversion
            .MapKeyToValue("PredictedLabel")
            .Fit(loaded.Transform(data))
            .Transform(loaded.Transform(data));
        CollectionAssert.AreEqual(labels, Cells.Annotation(loaded.GetOutputSchema(data.Schema)["Score"], "TrainingLabelValues"));
        CollectionAssert.AreEqual(model.Model.ClassNames.ToList(), loaded.Model.ClassNames.ToList());
        CollectionAssert.IsSubsetOf(Cells.Column(named, "PredictedLabel").Select(value => value[0]).Distinct().ToList(), labels);
        loaded.Dispose();
    }
}
