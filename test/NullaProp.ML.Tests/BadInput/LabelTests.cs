using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Too few classes, too few rows, labels that are missing or counted otherwise.</summary>
[TestClass]
public sealed partial class LabelTests
{
    [TestMethod]
    public void Fit_KeyOfOneClass_Refuses()
    {
        var context = new MLContext(seed: 1);

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable([new OneClass()])),
            "Only one class was found in label column 'Label', but a classifier needs two or more. Check the labels, and that "
                + "MapValueToKey saw all of them.");
    }

    // What a forgotten separator makes of a table.
    [TestMethod]
    public void Fit_NoRowHasALabel_SaysSo()
    {
        var context = new MLContext(seed: 1);
        var rows = context.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(row => new { Size = 1f * row, Kind = "" }));
        var keys = context.Transforms.Concatenate("Features", "Size")
            .Append(context.Transforms.Conversion.MapValueToKey("Label", "Kind")).Fit(rows).Transform(rows);
        var options = new NoPropOptions { Backbone = NoPropBackbone.Mlp };

        Fault.Of<InvalidOperationException>(
            () => context.MulticlassClassification.Trainers.NoProp(options).Fit(keys),
            "None of the 3 rows has a label in column 'Label'. Check which column of the data the labels are in, and the separator");
    }

    [TestMethod]
    public void Fit_OneClassAmongTheRows_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var photos = Tiny.Photos().Where(photo => photo.Label == 1);

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(context.Data.LoadFromEnumerable(photos)),
            "Only one class was found among the 4 rows of label column 'Label', but a classifier needs two or more. Check the labels "
                + "and how the data was split.");
        Tiny.AssertTrains(context, trainer);
    }

    // Of 16 rows eight classes have two each, and the most of nine one.
    [TestMethod]
    [DataRow(9, true)]
    [DataRow(8, false)]
    public void Fit_NumberThatMeasuresAsLabel_WarnsThatItIsNoClass(int values, bool warns)
    {
        var context = new MLContext(seed: 1);
        var logger = new LogLines();
        var rows = Enumerable.Range(0, 16).Select(row => new { Tiny.Photo(row).Features, Price = 0.5f + (row % values) }).ToList();
        var schema = SchemaDefinition.Create(rows[0].GetType());
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1, 8, 8);
        var data = context.Data.LoadFromEnumerable(rows, schema);
        var keys = context.Transforms.Conversion.MapValueToKey("Label", "Price").Fit(data).Transform(data);

        using var model = context.MulticlassClassification.Trainers.NoProp(Tiny.Options, logger).Fit(keys);

        var warnings = logger.Lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text);
        Assert.AreEqual(warns, warnings.Any(text => text.Contains($"{values} classes for 16 rows", StringComparison.Ordinal)));
    }

    // Mapped by itself, data has numbers of its own for the classes, and ML.NET compares numbers.
    [TestMethod]
    [DataRow(new[] { "dog", "cat", "owl" }, "has class 'dog' where the model has 'cat'")]
    [DataRow(new[] { "cat", "dog" }, "has no more classes where the model has 'owl'")]
    [DataRow(new[] { "cat", "dog", "owl", "newt" }, "has class 'newt' where the model has none")]
    public void Transform_LabelsOfOtherClasses_RefusesToLetThemBeCompared(string[] names, string words)
    {
        var context = new MLContext(seed: 1);
        using var model = TinyImages.Trainer(context).Fit(TinyImages.Keys(context));
        var rows = TinyImages.Rows(12, names.Length, index => names[index]);
        var data = TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows));

        Fault.Of<ArgumentOutOfRangeException>(
            () => model.Transform(data),
            $"Label column 'Label' {words}. Classes are told apart by number: map the labels of all data by the same fitted MapValueToKey");
    }

    [TestMethod]
    public void Transform_LabelsThatAreNoKeysOrNotThere_AreNobodysBusiness()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyImages.Trainer(context).Fit(TinyImages.Keys(context));

        Assert.HasCount(4, model.Transform(TinyImages.Texts(context, rows: 4)).GetColumn<float[]>("Score"));
        Assert.HasCount(4, model.WithColumns(label: "Nothing").Transform(TinyImages.Texts(context, rows: 4)).GetColumn<float[]>("Score"));
    }

    [TestMethod]
    public void Fit_ValidationThatDidNotGoThroughTheSteps_SaysSo()
    {
        var context = new MLContext(seed: 1);
        var data = Tiny.Data(context);
        var validation = context.Transforms.DropColumns("Features").Fit(data).Transform(data);

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(data, new NoPropRun { Validation = validation }),
            "NoPropRun.Validation does not fit. Could not find feature column 'Features': the data has 'Label', 'Name'.",
            "Let it go through the same steps as the training data");
    }

    [TestMethod]
    public void Fit_MoreClassesThanAModelMayHave_TellsTheMost()
    {
        var context = new MLContext(seed: 1);

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable([new ManyClasses()])),
            "Label column 'Label' has 2147483647 classes, but NoProp takes at most 65536. Map the labels to keys with MapValueToKey.");
    }

    [TestMethod]
    public void Fit_NoRows_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var none = context.Data.LoadFromEnumerable<Photo>([]);

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(none),
            "The training data has no rows. Check the path or filter that it comes from.");
        Fault.Of<InvalidOperationException>(() => trainer.Fit(Tiny.Data(context), none), "The validation data has no rows.");
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_NoRowsBeforeMapValueToKey_SaysThatThereAreNone()
    {
        var context = new MLContext(seed: 1);
        var none = context.Data.LoadFromEnumerable<TextLabel>([]);
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label").Append(Tiny.Trainer(context));

        Fault.Of<InvalidOperationException>(
            () => pipeline.Fit(none),
            "The data has no rows, and so no classes in label column 'Label'. Check the path, folder or filter that it comes from.");
    }

    [TestMethod]
    public void Transform_NoRows_GivesNone()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Assert.IsEmpty(Tiny.Scores(context, model, []));
    }

    [TestMethod]
    public void Diagnose_NoRows_Refuses()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Of<InvalidOperationException>(
            () => model.Diagnose(context.Data.LoadFromEnumerable<Photo>([])),
            "The diagnostic data has no rows.");
    }

    [TestMethod]
    public void Fit_AllLabelsMissing_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Label = Tiny.NoLabel);
        var unlabelled = context.Data.LoadFromEnumerable(photos);

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(unlabelled),
            "None of the 8 training rows has a label in column 'Label'. Check the column, and that MapValueToKey knows its values.");
        Fault.Of<InvalidOperationException>(() => trainer.Fit(Tiny.Data(context), unlabelled), "None of the 8 validation rows has a label");
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_SomeLabelsMissing_TrainsAsWithoutThoseRowsAndSaysSo()
    {
        var context = new MLContext(seed: 1);
        var heard = new List<string>();
        context.Log += (_, line) => heard.Add($"{line.Kind}: {line.RawMessage}");
        var logger = new ListLogger();
        var trainer = context.MulticlassClassification.Trainers.NoProp(Tiny.Options, logger);
        var photos = Tiny.Photos(11);
        foreach (var number in new[] { 0, 5, 10 })
        {
            // Neither counts nor is read: not even its pixels have to be numbers.
            (photos[number].Label, photos[number].Features[0]) = (Tiny.NoLabel, float.NaN);
        }

        using var model = trainer.Fit(context.Data.LoadFromEnumerable(photos));

        using var without = trainer.Fit(context.Data.LoadFromEnumerable(photos.Where(photo => photo.Label != Tiny.NoLabel)));
        Tiny.AssertScores(context, model, Tiny.Scores(context, without, Tiny.Photos()));
        const string sentence = "3 of 11 training rows have no label in column 'Label' and were left out.";
        Assert.HasCount(1, heard.Where(line => line == $"Warning: {sentence}"));
        Assert.HasCount(1, logger.Lines.Where(line => line == (LogLevel.Warning, sentence)));
    }

    [TestMethod]
    public void Fit_ValidationWithMoreClasses_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(Tiny.Data(context), context.Data.LoadFromEnumerable([new ThreeClasses()])),
            "Label column 'Label' has 3 classes, but the model has 2. Map the labels of all data by the same fitted MapValueToKey; other "
                + "classes need a new model.");
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_ValidationWithClassesInAnotherOrder_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(Named(context, "cat", "dog"), Named(context, "dog", "cat")),
            "Label column 'Label' has class 'dog' where the model has 'cat'. Classes are told apart by number: map the labels");
        trainer.Fit(Named(context, "cat", "dog"), Named(context, "cat", "dog")).Dispose();
    }

    [TestMethod]
    public void Diagnose_OtherClasses_Refuses()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => model.Diagnose(context.Data.LoadFromEnumerable([new ThreeClasses()])),
            "Label column 'Label' has 3 classes, but the model has 2.");
    }

    private static IDataView Named(MLContext context, params string[] names)
    {
        var data = context.Data.LoadFromEnumerable(names.Select((name, i) => new TextLabel { Label = name, Features = Tiny.Pixels(i) }));
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
    }

    private abstract class Pixels
    {
        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class OneClass : Pixels
    {
        [KeyType(1)]
        public uint Label { get; set; }
    }

    private sealed class ThreeClasses : Pixels
    {
        [KeyType(3)]
        public uint Label { get; set; } = 2;
    }

    private sealed class ManyClasses : Pixels
    {
        [KeyType(int.MaxValue)]
        public uint Label { get; set; }
    }

    private sealed class TextLabel : Pixels
    {
        public string Label { get; set; } = string.Empty;
    }

    private sealed class ListLogger : ILogger
    {
        public List<(LogLevel Level, string Message)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
