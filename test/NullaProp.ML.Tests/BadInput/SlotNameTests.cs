using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Columns of a table in another order than in training: every value would be taken for another.</summary>
[TestClass]
public sealed class SlotNameTests
{
    private const string Message =
        "Slot 0 of feature column 'Features' is 'Weight', but was 'Height' in training. Values are told apart by their place: give "
        + "Concatenate, or the file that is loaded, the columns in the order of training.";

    private static readonly Animal[] Animals =
    [
        .. Enumerable.Range(0, 16).Select(i => new Animal
        {
            Height = i % 2 == 0 ? 0.2f + (0.01f * i) : 3 + (0.1f * i),
            Weight = i % 2 == 0 ? 4 + (0.1f * i) : 900 + i,
            Kind = i % 2 == 0 ? "cat" : "giraffe",
        }),
    ];

    private readonly MLContext _context = new(seed: 1);

    [TestMethod]
    public void Uses_ColumnsInAnotherOrder_AreRefusedByName()
    {
        var (data, other) = (Table("Height", "Weight"), Table("Weight", "Height"));
        using var model = Trainer().Fit(data);
        using var reloaded = Reloaded(model, data);

        Action[] uses =
        [
            () => model.Transform(other),
            () => model.GetOutputSchema(other.Schema),
            () => model.Diagnose(other),
            () => reloaded.Transform(other),
            () => reloaded.WithColumns(score: "S").Transform(other),
            () => Trainer().Fit(other, new NoPropRun { Previous = reloaded }),
        ];

        foreach (var use in uses)
        {
            Assert.AreEqual(Message, Fault.Of<ArgumentOutOfRangeException>(use).Message);
        }

        Fault.Of<ArgumentOutOfRangeException>(() => Trainer().Fit(data, new NoPropRun { Validation = other }), "Validation", Message);
    }

    [TestMethod]
    public void Uses_ColumnsInTheOrderOfTraining_AreScored()
    {
        var data = Table("Height", "Weight");
        using var model = Trainer().Fit(data);
        using var further = Trainer().Fit(data, new NoPropRun { Previous = model, Validation = data });
        using var reloaded = Reloaded(further, data);

        Assert.HasCount(Animals.Length, reloaded.Transform(data).GetColumn<float[]>("Score").ToList());
        Assert.AreEqual(Animals.Length, reloaded.Diagnose(data).Rows);
    }

    [TestMethod]
    public void Transform_FileOfAnotherHeader_IsRefusedByName()
    {
        using var folder = new TempFolder();
        File.WriteAllLines(
            folder.File("training.csv"),
            ["Height,Weight,Kind", .. Animals.Select(animal => Line(animal.Height, animal.Weight, animal.Kind))]);
        File.WriteAllLines(
            folder.File("other.csv"),
            ["Weight,Height,Kind", .. Animals.Select(animal => Line(animal.Weight, animal.Height, animal.Kind))]);
        File.WriteAllLines(folder.File("nameless.csv"), Animals.Select(animal => Line(animal.Height, animal.Weight, animal.Kind)));
        using var model = Trainer().Fit(Keys(Loaded("training.csv", hasHeader: true)));

        Fault.Of<ArgumentOutOfRangeException>(() => model.Transform(Loaded("other.csv", hasHeader: true)), Message);
        var scores = model.Transform(Loaded("nameless.csv", hasHeader: false)).GetColumn<float[]>("Score");
        Assert.HasCount(Animals.Length, scores.ToList());

        static string Line(float first, float second, string kind) => FormattableString.Invariant($"{first},{second},{kind}");

        IDataView Loaded(string name, bool hasHeader) => _context.Data.CreateTextLoader(
            [new("Features", DataKind.Single, 0, 1), new("Kind", DataKind.String, 2)],
            separatorChar: ',',
            hasHeader,
            dataSample: new MultiFileSource(folder.File(name))).Load(folder.File(name));
    }

    [TestMethod]
    public void Transform_SlotsWithoutNames_AreTakenByTheirPlace()
    {
        using var model = Trainer().Fit(Table("Height", "Weight"));
        var nameless = _context.Data.LoadFromEnumerable(
            Animals.Select(animal => new Nameless { Features = [animal.Height, animal.Weight] }));

        Assert.HasCount(Animals.Length, model.Transform(nameless).GetColumn<float[]>("Score").ToList());
    }

    [TestMethod]
    public void Fit_FurtherOnSlotsWithoutNames_KeepsThoseOfBefore()
    {
        using var model = Trainer().Fit(Table("Height", "Weight"));
        var nameless = Keys(_context.Data.LoadFromEnumerable(
            Animals.Select(animal => new Nameless { Features = [animal.Height, animal.Weight], Kind = animal.Kind })));

        using var further = Trainer().Fit(nameless, new NoPropRun { Previous = model });

        Assert.AreEqual(
            Message,
            Fault.Of<ArgumentOutOfRangeException>(() => further.Transform(Table("Weight", "Height"))).Message);
    }

    private NoPropTransformer Reloaded(NoPropTransformer model, IDataView data)
    {
        using var stream = new MemoryStream();
        _context.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        return (NoPropTransformer)_context.Model.Load(stream, out _);
    }

    private IDataView Table(params string[] columns) =>
        _context.Transforms.Concatenate("Features", columns)
            .Fit(Keys(_context.Data.LoadFromEnumerable(Animals)))
            .Transform(Keys(_context.Data.LoadFromEnumerable(Animals)));

    private IDataView Keys(IDataView data) => _context.Transforms.Conversion.MapValueToKey("Label", "Kind").Fit(data).Transform(data);

    private NoPropTrainer Trainer() => _context.MulticlassClassification.Trainers.NoProp(
        new NoPropOptions { Backbone = NoPropBackbone.Mlp, HiddenSize = 8, Epochs = 2, Seed = 1 });

    private sealed class Animal
    {
        public float Height { get; set; }

        public float Weight { get; set; }

        public string Kind { get; set; } = string.Empty;
    }

    private sealed class Nameless
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public string Kind { get; set; } = string.Empty;
    }
}
