using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Rows of numbers that are no image, read by the backbone Mlp.</summary>
[TestClass]
public sealed class TabularTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly NoPropOptions Options = new()
    {
        Backbone = NoPropBackbone.Mlp,
        Epochs = 20,
        BatchSize = 64,
        LearningRate = 0.01,
        HiddenSize = 24,
        Seed = 1,
    };
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = Context.Data.LoadFromEnumerable(Moons(seed: 1));
        _model = Context.MulticlassClassification.Trainers.NoProp(Options).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Fit_TwoMoonsOnScalesFarApart_LearnsThemWithoutImageShape()
    {
        var fresh = Context.Data.LoadFromEnumerable(Moons(seed: 2));

        var metrics = Context.MulticlassClassification.Evaluate(_model.Transform(fresh));

        Assert.AreEqual(new ImageShape(2, 1, 1), _model.Model.ImageShape);
        // No straight line does better than about 0.88 on two moons.
        Assert.IsGreaterThan(0.97, metrics.MicroAccuracy);
    }

    // One of 0 to 10,000 beside the one that decides: together they would be brought to one deviation, and that one lost.
    [TestMethod]
    public void Fit_VectorOfTwoDimensions_IsATableToo()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 300).Select(i => new Grid
        {
            Label = (uint)(i % 3),
            Features = [random.Next(10_000), random.Next(10_000), (i % 3) + (0.2f * random.NextSingle()), random.NextSingle()],
        }).ToList();
        var data = Context.Data.LoadFromEnumerable(rows);

        using var model = Context.MulticlassClassification.Trainers.NoProp(Options).Fit(data);

        Assert.AreEqual(new ImageShape(4, 1, 1), model.Model.ImageShape);
        Assert.IsGreaterThan(0.97, Context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
    }

    [TestMethod]
    [DataRow(false, 1)]
    [DataRow(true, 0)]
    public void Fit_VectorThatMayBeImages_SaysHowItIsReadWhereNobodyChose(bool isChosen, int warnings)
    {
        var logger = new LogLines();
        var data = Context.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Windows
        {
            Label = (uint)(i % 2),
            Features = [.. Enumerable.Range(0, 192).Select(place => (float)((i * place) % 7))],
        }));
        var options = Options with { Epochs = 1, ImageShape = isChosen ? new(192, 1, 1) : null };

        Context.MulticlassClassification.Trainers.NoProp(options, logger).Fit(data).Dispose();

        const string sentence = "The vectors of column 'Features', 3×8×8, are read as images of 3×8×8, whose values are brought to one "
            + "mean and deviation for each channel. If they are rows of a table, set ImageShape to new(192, 1, 1).";
        Assert.HasCount(warnings, logger.Lines.Where(line => line.Text == sentence));
    }

    [TestMethod]
    public void SaveAsOnnx_Defaults_ReadAVectorOfFeatures()
    {
        using var folder = new TempFolder();
        _model.SaveAsOnnx(folder.File("moons.onnx"));
        using var pipeline = Context.Transforms.CopyColumns("features", "Features")
            .Append(Context.Transforms.ApplyOnnxModel("scores", "features", folder.File("moons.onnx")))
            .Fit(_data);

        var scores = pipeline.Transform(_data).GetColumn<float[]>("scores").SelectMany(row => row).ToArray();

        var expected = _model.Transform(_data).GetColumn<float[]>("Score").SelectMany(row => row).ToArray();
        Assert.IsLessThan(1e-5, Differences.Largest(expected, scores));
    }

    [TestMethod]
    [DataRow(12345.678f, 12469.13f)] // 1 % off
    [DataRow(255f, 200f)]
    [DataRow(0f, 1f)]
    public void Score_ColumnThatNeverVariedInTraining_HasNoInfluence(float inTraining, float later)
    {
        var logger = new LogLines();
        using var model = Context.MulticlassClassification.Trainers.NoProp(Options, logger).Fit(Data(inTraining));

        var (known, unknown) = (model.Transform(Data(inTraining)), model.Transform(Data(later)));

        CollectionAssert.AreEqual(
            known.GetColumn<float[]>("Score").SelectMany(row => row).ToArray(),
            unknown.GetColumn<float[]>("Score").SelectMany(row => row).ToArray());
        Assert.Contains(
            "1 of 3 features never vary in the training data and have no influence: slots 2.",
            logger.Lines.Select(line => line.Text));
        Assert.Contains("Training on 400 rows of 3 values in 2 classes, on cpu.", logger.Lines.Select(line => line.Text));
        using var engine = Context.Model.CreatePredictionEngine<ThreeValues, Scored>(
            model,
            new PredictionEngineOptions { OwnsTransformer = false });
        CollectionAssert.AreEqual(engine.Predict(Row(inTraining)).Score, engine.Predict(Row(later)).Score);

        static ThreeValues Row(float value) => new() { Features = [0.3f, 5400, value] };

        static IDataView Data(float value) => Context.Data.LoadFromEnumerable(
            Moons(seed: 1).Select(point => new ThreeValues { Label = point.Label, Features = [.. point.Features, value] }).ToList());
    }

    [TestMethod]
    public void FitFurther_ColumnThatNeverVariedBefore_SaysThatItHasNoInfluence()
    {
        using var first = Context.MulticlassClassification.Trainers.NoProp(Options with { Epochs = 1 }).Fit(Data(_ => 7));
        var logger = new LogLines();
        var run = new NoPropRun { Previous = first, Logger = logger };

        Context.MulticlassClassification.Trainers.NoProp(first.Model.Options).Fit(Data(label => label), run).Dispose();

        Assert.Contains(
            "1 of 3 features vary in the training data, but did not in that of the model which is trained further, and have no influence: "
                + "slots 2. To learn from them, train without Previous.",
            logger.Lines.Select(line => line.Text));

        static IDataView Data(Func<uint, float> third) => Context.Data.LoadFromEnumerable(Moons(seed: 1)
            .ConvertAll(point => new ThreeValues { Label = point.Label, Features = [.. point.Features, third(point.Label)] }));
    }

    [TestMethod]
    public void Fit_ValueThatIsNoNumber_NamesItsSlot()
    {
        var points = Moons(seed: 1);
        points[4].Features[1] = float.NaN;

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Context.MulticlassClassification.Trainers.NoProp(Options).Fit(Context.Data.LoadFromEnumerable(points)));

        Assert.Contains("Row 4 holds NaN in slot 1 of column 'Features', but every value must be a finite number.", fault.Message);
    }

    [TestMethod]
    public void Fit_ValueThatIsNoNumberInANamedColumn_NamesThatColumn()
    {
        var rows = Context.Data.LoadFromEnumerable(
            new[] { new { Height = 1f, Weight = 2f, Kind = "a" }, new { Height = 1f, Weight = float.NaN, Kind = "b" } });
        var pipeline = Context.Transforms.Concatenate("Features", "Height", "Weight")
            .Append(Context.Transforms.Conversion.MapValueToKey("Label", "Kind"))
            .Append(Context.MulticlassClassification.Trainers.NoProp(Options));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => pipeline.Fit(rows));

        Assert.Contains("Row 1 (Kind 'b') holds NaN in slot 1 ('Weight') of column 'Features', but", fault.Message);
        Assert.Contains("a cell that is no number: see to header, separator and order of the columns.", fault.Message);
    }

    [TestMethod]
    [DataRow(0.5, 0.0)]
    [DataRow(0.0, 10.0)]
    public void Fit_AugmentationForImages_SaysThatVectorsHaveNoSides(double flip, double rotation)
    {
        var trainer =
            Context.MulticlassClassification.Trainers.NoProp(Options with
            {
                Augmentation = Options.Augmentation with { HorizontalFlipProbability = flip, RotationDegrees = rotation },
            });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(_data));

        Assert.Contains(
            "but the rows are vectors of 2 values, which have no sides to turn: leave it out, or set ImageShape if they are images.",
            fault.Message);
    }

    [TestMethod]
    public void Load_TabularModel_ScoresTheSame()
    {
        var loaded = EstimatorContract.Reloaded(Context, _model, _data.Schema);

        SameData.AssertValues(_model.Transform(_data), loaded.Transform(_data));
        ((IDisposable)loaded).Dispose();
    }

    [TestMethod]
    public void Predict_OneRow_AgreesWithTheBatch()
    {
        var rows = Moons(seed: 1);
        var batch = _model.Transform(_data).GetColumn<float[]>("Score").ToArray();
        using var engine = Context.Model.CreatePredictionEngine<Point, Scored>(
            _model, new PredictionEngineOptions { OwnsTransformer = false });

        var alone = engine.Predict(rows[3]).Score;

        Cells.AssertSame([.. batch[3].Cast<object>()], [.. alone.Cast<object>()], 1e-5f, "row 3");
    }

    [TestMethod]
    public void Fit_OneFeature_IsEnough()
    {
        var schema = SchemaDefinition.Create(typeof(Point));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1);
        var data = Context.Data.LoadFromEnumerable(
            Enumerable.Range(0, 64).Select(i => new Point { Label = (uint)(i % 2), Features = [(i % 2) + (i / 100f)] }),
            schema);

        using var model = Context.MulticlassClassification.Trainers.NoProp(Options).Fit(data);

        Assert.AreEqual(1, Context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
    }

    [TestMethod]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Fit_OtherVariantWithValidation_LearnsAndDiagnoses(VariantKind variant)
    {
        var fresh = Context.Data.LoadFromEnumerable(Moons(seed: 2));
        var epochs = new Recorder<EpochMetrics>();
        using var model = Context.MulticlassClassification.Trainers
            .NoProp(Options with { Variant = variant.Create(new DiscreteTime { BlockCount = 3 }) })
            .Fit(_data, fresh, epochs);

        var figures = model.Diagnose(fresh);

        Assert.HasCount(20, epochs.Reports);
        Assert.IsGreaterThan(0.97, epochs.Reports[^1].ValidationAccuracy!.Value); // as in continuous time
        Assert.AreEqual(400, figures.Rows);
    }

    // Two interleaved half circles; the second feature is a thousand times larger and far from 0.
    private static List<Point> Moons(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 400).Select(row =>
        {
            var (angle, isLower) = (Math.PI * random.NextDouble(), row % 2 == 1);
            var x = isLower ? 1 - Math.Cos(angle) : Math.Cos(angle);
            var y = isLower ? 0.5 - Math.Sin(angle) : Math.Sin(angle);
            return new Point { Label = (uint)(row % 2), Features = [(float)(x + Jitter()), (float)(5000 + (1000 * (y + Jitter())))] };
        })];

        double Jitter() => 0.1 * (random.NextDouble() + random.NextDouble() - 1);
    }

    private sealed class Point
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(2)]
        public float[] Features { get; set; } = [];
    }

    private sealed class ThreeValues
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Scored
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Grid
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(2, 2)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Windows
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(3, 8, 8)]
        public float[] Features { get; set; } = [];
    }
}
