using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Support;

/// <summary>What ML.NET's test framework demands of every estimator (TestEstimatorCore), on public types.</summary>
internal static class EstimatorContract
{
    /// <summary>Checks an estimator and the transformers it makes, fitted and reloaded.</summary>
    /// <param name="context">The context.</param>
    /// <param name="estimator">The estimator.</param>
    /// <param name="fitData">Data to fit and transform.</param>
    /// <param name="transformData">Data to transform that cannot be fitted.</param>
    /// <param name="invalidData">Data that can be neither fitted nor transformed.</param>
    public static void Check(
        MLContext context,
        IEstimator<ITransformer> estimator,
        IDataView fitData,
        IDataView transformData,
        IDataView invalidData)
    {
        var promised = estimator.GetOutputSchema(SchemaShapes.Of(fitData.Schema));
        foreach (var data in new[] { transformData, invalidData })
        {
            AssertRefused(() => estimator.GetOutputSchema(SchemaShapes.Of(data.Schema)));
            AssertRefused(() => estimator.Fit(data));
        }

        var transformer = estimator.Fit(fitData);
        var loaded = Reloaded(context, transformer, fitData.Schema);
        foreach (var data in new[] { fitData, transformData })
        {
            AssertScores(transformer, loaded, data);
        }

        AssertRefusesData(transformer, invalidData);
        AssertRefusesData(loaded, invalidData);
        AssertShapes(promised, SchemaShapes.Of(transformer.Transform(fitData).Schema));
        (loaded as IDisposable)?.Dispose();
        (transformer as IDisposable)?.Dispose();
    }

    /// <summary>Returns the transformer after a way through a model file.</summary>
    public static ITransformer Reloaded(MLContext context, ITransformer transformer, DataViewSchema schema)
    {
        using var file = new MemoryStream();
        context.Model.Save(transformer, schema, file);
        file.Position = 0;
        var loaded = new MLContext().Model.Load(file, out var loadedSchema);
        SameData.AssertSchemas(schema, loadedSchema);
        return loaded;
    }

    /// <summary>Fails unless two shapes promise the same: neither a column nor an annotation more or less.</summary>
    public static void AssertShapes(SchemaShape expected, SchemaShape actual) =>
        CollectionAssert.AreEqual(
            Lines(expected),
            Lines(actual),
            $"{string.Join("; ", Lines(expected))} against {string.Join("; ", Lines(actual))}");

    private static void AssertScores(ITransformer transformer, ITransformer loaded, IDataView data)
    {
        var schema = transformer.GetOutputSchema(data.Schema);
        Assert.IsTrue(transformer.IsRowToRowMapper);
        var mapper = transformer.GetRowToRowMapper(data.Schema);
        Assert.AreSame(data.Schema, mapper.InputSchema);
        SameData.AssertSchemas(schema, mapper.OutputSchema);
        SameData.AssertSchemas(schema, loaded.GetOutputSchema(data.Schema));
        var scored = transformer.Transform(data);
        SameData.AssertSchemas(schema, scored.Schema);
        SameData.AssertValues(scored, loaded.Transform(data));
    }

    private static void AssertRefusesData(ITransformer transformer, IDataView data)
    {
        AssertRefused(() => transformer.GetOutputSchema(data.Schema));
        AssertRefused(() => transformer.Transform(data));
    }

    // ML.NET's tests accept these two types, which say that the data is at fault.
    private static void AssertRefused(Action action)
    {
        var fault = Assert.Throws<Exception>(action);
        Assert.IsTrue(fault is ArgumentOutOfRangeException or InvalidOperationException, $"{fault.GetType()}: {fault.Message}");
    }

    private static List<string> Lines(SchemaShape shape) =>
        [.. shape
            .Select(
                column =>
                    $"{column.Name}: {column.Kind} of {column.ItemType}{(column.IsKey ? " key" : string.Empty)} "
                        + $"[{string.Join(", ", Lines(column.Annotations))}]")
            .Order()];
}
