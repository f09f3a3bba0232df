using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Columns that are missing or of a wrong type, in ML.NET's own words, at the call and not when the first row is read.</summary>
[TestClass]
public sealed class ColumnTests
{
    private const string FeatureTypes = "Vector<Single>, Vector<Byte> or Image";

    private static readonly Dictionary<string, Func<MLContext, IDataView>> Inputs = new()
    {
        ["no features"] = context => context.Data.LoadFromEnumerable([new NoFeatures()]),
        ["paths of images"] = context => context.Data.LoadFromEnumerable([new ImageRow()]),
        ["images in another column"] = context => context.Data.LoadFromEnumerable([new OtherImage()]),
        ["columns of numbers"] = context => context.Data.LoadFromEnumerable([new NumberColumn()]),
        ["text as features"] = context => context.Data.LoadFromEnumerable([new Columns<string> { Features = "" }]),
        ["a number as features"] = context => context.Data.LoadFromEnumerable([new Columns<float>()]),
        ["doubles as features"] = context => context.Data.LoadFromEnumerable([new DoubleFeatures()]),
        ["keys as features"] = context => context.Data.LoadFromEnumerable([new KeyFeatures()]),
        ["no label"] = context => context.Data.LoadFromEnumerable([new NoLabel()]),
        ["text as label"] = context => context.Data.LoadFromEnumerable([new Labelled<string> { Label = "" }]),
        ["a number as label"] = context => context.Data.LoadFromEnumerable([new Labelled<float>()]),
        ["a bare integer as label"] = context => context.Data.LoadFromEnumerable([new Labelled<uint>()]),
        ["a byte key as label"] = context => context.Data.LoadFromEnumerable([new ByteKeyLabel()]),
        ["two keys as label"] = context => context.Data.LoadFromEnumerable([new VectorLabel()]),
    };

    [TestMethod]
    [DataRow("no features", "Could not find feature column 'Features': the data has 'Label'")]
    [DataRow("paths of images", "Name the column, or add the step that makes it: "
        + "Transforms.LoadImageFiles(\"Features\", width, height) reads the files of 'ImagePath'. If it is there, remove "
        + "the ML.NET cache behind it, which drops images")]
    [DataRow("images in another column", "Name the column, or add the step that makes it. 'Other' holds images: call it "
        + "'Features' where it is made, as by LoadImageFiles(\"Features\", …), or set FeatureColumnName to \"Other\".")]
    [DataRow("columns of numbers", "Name the column, or add the step that makes it: "
        + "Transforms.Concatenate(\"Features\", …) of all columns that are features.")]
    [DataRow("text as features", $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got String. If it holds paths "
        + "of images, add Transforms.LoadImageFiles(\"Features\", width, height, \"Features\"); if words, ")]
    [DataRow(
        "a number as features",
        $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got Single. Add Transforms.Concatenate(\"Features\", "
            + $"…) of all columns that are features")]
    [DataRow(
        "doubles as features",
        $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got Vector<Double>. Add "
            + $"Transforms.Conversion.ConvertType(\"Features\", outputKind: DataKind.Single)")]
    [DataRow("keys as features", $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got Vector<Key<UInt32>>")]
    [DataRow("no label", "Name the column, or add the step that makes it: "
        + "Transforms.Conversion.MapValueToKey(\"Label\", …) of the column that holds the classes.")]
    [DataRow("text as label", "Schema mismatch for label column 'Label': expected Key<UInt32>, got String. Add "
        + "Transforms.Conversion.MapValueToKey(\"Label\") before the trainer")]
    [DataRow("a number as label", "Schema mismatch for label column 'Label': expected Key<UInt32>, got Single")]
    [DataRow("a bare integer as label", "Schema mismatch for label column 'Label': expected Key<UInt32>, got UInt32")]
    [DataRow("a byte key as label", "Schema mismatch for label column 'Label': expected Key<UInt32>, got Key<Byte>")]
    [DataRow("two keys as label", "Schema mismatch for label column 'Label': expected Key<UInt32>, got Vector<Key<UInt32>>")]
    public void Trainer_WrongColumn_RefusesInMLNetsWords(string input, string sentence)
    {
        var context = new MLContext(seed: 1);
        var data = Inputs[input](context);
        var trainer = Tiny.Trainer(context);
        Action[] calls =
        [
            () => trainer.GetOutputSchema(SchemaShapes.Of(data.Schema)),
            () => trainer.Fit(data),
            () => trainer.Fit(Tiny.Data(context), validation: data),
            () => new EstimatorChain<ITransformer>().Append(trainer).Fit(data),
            () => context.Transforms.CopyColumns("Copy", data.Schema[0].Name).Append(trainer).GetOutputSchema(SchemaShapes.Of(data.Schema)),
        ];

        foreach (var call in calls)
        {
            Fault.Of<ArgumentOutOfRangeException>(call, sentence);
        }

        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    [DataRow("no features", "Could not find feature column 'Features'")]
    [DataRow("text as features", $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got String")]
    [DataRow(
        "a number as features",
        $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got Single. Add Transforms.Concatenate(\"Features\", "
            + $"…) of all columns that are features")]
    [DataRow(
        "doubles as features",
        $"Schema mismatch for feature column 'Features': expected {FeatureTypes}, got Vector<Double>. Add "
            + $"Transforms.Conversion.ConvertType(\"Features\", outputKind: DataKind.Single)")]
    public void Transformer_WrongFeatureColumn_RefusesAtTheCall(string input, string sentence)
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        using var loaded = ModelZip.Of(context, model).Load<NoPropTransformer>(context);
        var before = Tiny.Scores(context, model, Tiny.Photos());
        var data = Inputs[input](context);

        foreach (var transformer in new[] { model, loaded })
        {
            Fault.Of<ArgumentOutOfRangeException>(() => transformer.Transform(data), sentence);
            Fault.Of<ArgumentOutOfRangeException>(() => transformer.GetOutputSchema(data.Schema), sentence);
            Fault.Of<ArgumentOutOfRangeException>(() => transformer.GetRowToRowMapper(data.Schema), sentence);
        }

        Fault.Of<ArgumentOutOfRangeException>(
            () => context.Model.CreatePredictionEngine<NoFeatures, Scored>(model),
            "Could not find feature column 'Features'");
        Tiny.AssertScores(context, model, before);
    }

    [TestMethod]
    public void Transformer_OtherNamedFeatureColumn_IsNamed()
    {
        var context = new MLContext(seed: 1);
        var data = context.Transforms.CopyColumns("Pixels", "Features").Fit(Tiny.Data(context)).Transform(Tiny.Data(context));
        using var model = Tiny.Trainer(context, Tiny.Options with { FeatureColumnName = "Pixels" }).Fit(data);

        Fault.Of<ArgumentOutOfRangeException>(() => model.Transform(Tiny.Data(context)), "Could not find feature column 'Pixels'");
    }

    [TestMethod]
    public void Diagnose_NoLabelColumn_NamesIt()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Of<ArgumentOutOfRangeException>(() => model.Diagnose(Inputs["no label"](context)), "Could not find label column 'Label'");
    }

    private sealed class NoFeatures
    {
        [KeyType(2)]
        public uint Label { get; set; }
    }

    private sealed class OtherImage
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [ImageType(8, 8)]
        public MLImage? Other { get; set; }
    }

    private sealed class NumberColumn
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public float Height { get; set; }
    }

    private sealed class Columns<T>
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public T Features { get; set; } = default!;
    }

    private sealed class DoubleFeatures
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(1, 8, 8)]
        public double[] Features { get; set; } = new double[Tiny.Values];
    }

    private sealed class KeyFeatures
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [KeyType(2)]
        [VectorType(1, 8, 8)]
        public uint[] Features { get; set; } = new uint[Tiny.Values];
    }

    private sealed class NoLabel
    {
        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class Labelled<T>
    {
        public T Label { get; set; } = default!;

        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class ByteKeyLabel
    {
        [KeyType(2)]
        public byte Label { get; set; }

        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class VectorLabel
    {
        [KeyType(2)]
        [VectorType(2)]
        public uint[] Label { get; set; } = [0, 1];

        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }
}
