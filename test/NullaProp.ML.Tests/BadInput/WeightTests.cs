using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Weights of rows and classes that make no sense.</summary>
[TestClass]
public sealed class WeightTests
{
    private static readonly NoPropOptions ByColumn = Tiny.Options with { ExampleWeightColumnName = "Weight" };

    private static readonly Dictionary<string, Func<MLContext, IDataView>> Inputs = new()
    {
        ["none"] = context => Tiny.Data(context),
        ["a double"] = context => context.Data.LoadFromEnumerable([new Weighted<double>()]),
        ["an integer"] = context => context.Data.LoadFromEnumerable([new Weighted<int>()]),
        ["text"] = context => context.Data.LoadFromEnumerable([new Weighted<string> { Weight = "1" }]),
        ["two numbers"] = context => context.Data.LoadFromEnumerable([new TwoWeights()]),
    };

    [TestMethod]
    [DataRow("none", "Could not find weight column 'Weight'")]
    [DataRow("a double", "Schema mismatch for weight column 'Weight': expected Single, got Double")]
    [DataRow("an integer", "Schema mismatch for weight column 'Weight': expected Single, got Int32")]
    [DataRow("text", "Schema mismatch for weight column 'Weight': expected Single, got String")]
    [DataRow("two numbers", "Schema mismatch for weight column 'Weight': expected Single, got Vector<Single>")]
    public void Trainer_WrongWeightColumn_RefusesInMLNetsWords(string input, string sentence)
    {
        var context = new MLContext(seed: 1);
        var data = Inputs[input](context);
        var trainer = Tiny.Trainer(context, ByColumn);

        Fault.Of<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(SchemaShapes.Of(data.Schema)), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => trainer.Fit(data), sentence);
    }

    [TestMethod]
    [DataRow(-1f, "-1")]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.PositiveInfinity, "Infinity")]
    [DataRow(float.NegativeInfinity, "-Infinity")]
    public void Fit_WeightThatIsNone_NamesTheRow(float weight, string text)
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable(Rows(row => row == 5 ? weight : 1));

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context, ByColumn).Fit(data),
            $"Row 5 (Name 'photo 5') has {text} in weight column 'Weight', but a weight must be a finite number, 0 or more. Mend the "
                + $"row, or leave it out.");
    }

    [TestMethod]
    public void Fit_AllWeightsZero_SaysSo()
    {
        var context = new MLContext(seed: 1);

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context, ByColumn).Fit(context.Data.LoadFromEnumerable(Rows(_ => 0))),
            "Every one of the 8 training rows has weight 0 in column 'Weight', so there is nothing to learn from. Check the column, or "
                + "set ExampleWeightColumnName to null.");
    }

    [TestMethod]
    public void Fit_ClassWhoseRowsAllHaveWeightZero_IsNamedInAWarning()
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable(Rows(row => row % 2));
        var log = new Support.LogLines();

        Tiny.Trainer(context, ByColumn).Fit(data, new NoPropRun { Logger = log }).Dispose();

        Assert.Contains(
            "All rows of 1 of 2 classes have weight 0 in column 'Weight', and those classes will hardly ever be predicted: '0'.",
            log.Lines.Select(line => line.Text));
    }

    [TestMethod]
    public void Fit_WeightForAnUnknownClass_ListsTheKnownOnes()
    {
        var context = new MLContext(seed: 1);
        var named = context.Transforms.Conversion
            .MapValueToKey("Label", "Name")
            .Fit(Tiny.Data(context, 30))
            .Transform(Tiny.Data(context, 30));

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context, Tiny.Options with { ClassWeights = new([new("1", 2), new("2", 3)]) }).Fit(Tiny.Data(context)),
            "ClassWeights has a weight for class '2', but the classes of label column 'Label' are 0, 1. Write the names as the column "
                + "had them before MapValueToKey, or leave the class out.");
        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context, Tiny.Options with { ClassWeights = new([new("photo", 2)]) }).Fit(named),
            "are photo 0, photo 1, ",
            "photo 19 and 10 more.");
    }

    [TestMethod]
    public void Fit_CropAsWideAsTheImage_TellsTheImagesSize()
    {
        var context = new MLContext(seed: 1);

        Fault.Of<InvalidOperationException>(
            () => Tiny
                .Trainer(context, Tiny.Options with { Augmentation = Tiny.Options.Augmentation with { RandomCropPadding = 8 } })
                .Fit(Tiny.Data(context)),
            "RandomCropPadding is 8, but must be below the shorter side of the images, which are 1×8×8");
    }

    private static IEnumerable<Weighted<float>> Rows(Func<int, float> weight) => Enumerable.Range(0, 8).Select(row => new Weighted<float>
    {
        Label = (uint)row % 2,
        Features = Tiny.Pixels(row),
        Name = $"photo {row}",
        Weight = weight(row),
    });

    private class Pixels
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = new float[Tiny.Values];

        public string Name { get; set; } = string.Empty;
    }

    private sealed class Weighted<T> : Pixels
    {
        public T Weight { get; set; } = default!;
    }

    private sealed class TwoWeights : Pixels
    {
        [VectorType(2)]
        public float[] Weight { get; set; } = [1, 1];
    }
}
