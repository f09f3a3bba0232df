using Microsoft.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>ML.NET's own contract test of an estimator, for every kind of label.</summary>
[TestClass]
public sealed class EstimatorContractTests
{
    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void NoProp_TextLabels_KeepsTheEstimatorContract() => CheckMapped(TinyImages.Rows(24, 3, index => TinyImages.Names[index]));

    [TestMethod]
    public void NoProp_IntegerLabels_KeepsTheEstimatorContract() => CheckMapped(TinyImages.Rows(24, 3, index => (index * 10) - 10));

    [TestMethod]
    public void NoProp_BooleanLabels_KeepsTheEstimatorContract() => CheckMapped(TinyImages.Rows(24, 2, index => index == 1));

    // ML.NET takes a [KeyType] member as the value from 0: class 3 of 4 has no rows here.
    [TestMethod]
    public void NoProp_BareKeyWithAClassWithoutRows_KeepsTheEstimatorContract() => Check(BareKeys(24, 3));

    [TestMethod]
    public void NoProp_NamedClassWithoutRows_KeepsTheEstimatorContract()
    {
        var names = _context.Data.LoadFromEnumerable(TinyImages.Names.Select(name => new { Label = name }));
        var data = _context.Data.LoadFromEnumerable(TinyImages.Rows(24, 2, index => TinyImages.Names[index + 1]));

        Check(_context.Transforms.Conversion.MapValueToKey("Label", keyData: names).Fit(data).Transform(data));
    }

    [TestMethod]
    public void NoProp_InAChain_KeepsTheEstimatorContract()
    {
        var data = TinyImages.Texts(_context, 24);
        var chain = _context.Transforms.Conversion.MapValueToKey("Key", "Label")
            .Append(TinyImages.Trainer(_context, options => options with { LabelColumnName = "Key" }))
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        var promised = chain.GetOutputSchema(SchemaShapes.Of(data.Schema));

        using var model = chain.Fit(data);

        EstimatorContract.AssertShapes(promised, SchemaShapes.Of(model.Transform(data).Schema));
        var loaded = EstimatorContract.Reloaded(_context, model, data.Schema);
        SameData.AssertSchemas(model.Transform(data).Schema, loaded.Transform(data).Schema);
        SameData.AssertValues(model.Transform(data), loaded.Transform(data));
        ((IDisposable)loaded).Dispose();
    }

    [TestMethod]
    public void NoProp_EntropyAndDisagreementColumns_KeepsTheEstimatorContract() => Check(
        TinyImages.Keys(_context, 24), options => options with
        {
            Sampling = options.Sampling with { EntropyColumnName = "Entropy", DisagreementColumnName = "Disagreement", Draws = 3 },
        });

    private void CheckMapped<TLabel>(List<ImageRow<TLabel>> rows) =>
        Check(TinyImages.WithKeys(_context, _context.Data.LoadFromEnumerable(rows)));

    private void Check(IDataView data, Func<NoPropOptions, NoPropOptions>? change = null)
    {
        var unlabelled = _context.Transforms.SelectColumns("Features").Fit(data).Transform(data);
        var blind = _context.Transforms.SelectColumns("Label").Fit(data).Transform(data);

        EstimatorContract.Check(_context, TinyImages.Trainer(_context, change), data, transformData: unlabelled, invalidData: blind);
    }

    private IDataView BareKeys(int rows, int classes) => _context.Data.LoadFromEnumerable(
        TinyImages.Pixels(rows, classes).Select(image => new BareKeyRow { Features = image.Pixels, Label = (uint)image.Class }));
}
