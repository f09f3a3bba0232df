using System.Globalization;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class NoPropOptionsTests
{
    private static readonly object[] Records =
        [
            new NoPropOptions(),
            new Sampling(),
            new Augmentation(),
            new Embedding { Kind = EmbeddingKind.Learned },
            new ContinuousTime(),
            new DiscreteTime(),
            new FlowMatching(),
        ];

    public static IEnumerable<object[]> Ranges =>
        from record in Records
        from option in OptionProperty.Of(record.GetType())
        where option.Range is not null
        select new object[] { record.GetType().Name, option.Property.Name };

    public static IEnumerable<object[]> Choices =>
        from record in Records
        from option in OptionProperty.Of(record.GetType())
        where option.Property.PropertyType.IsEnum
        select new object[] { record.GetType().Name, option.Property.Name };

    // The range stands once, at the property: from it come this, the validation and the table in docs/options.md.
    [TestMethod]
    [DynamicData(nameof(Ranges))]
    public void Validate_ValueAtAnEndOfItsRange_IsAcceptedAndNoFurther(string record, string name)
    {
        var range = Option(record, name).Range!;
        var (lowest, highest) =
            (Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture), Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture));

        Assert.IsNull(Fault(record, name, range.MinimumIsExclusive ? Next(record, name, lowest, 1) : lowest));
        Assert.IsNull(Fault(record, name, highest));
        foreach (var outside in new[] { range.MinimumIsExclusive
            ? lowest
            : Next(record, name, lowest, -1), Next(record, name, highest, 1), double.NaN })
        {
            if (Fits(record, name, outside))
            {
                Assert.Contains($"{name} is ", Fault(record, name, outside)!);
                Assert.Contains("but must be ", Fault(record, name, outside)!);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Choices))]
    public void Validate_ChoiceThatIsNone_ThrowsNamingAllThereAre(string record, string name)
    {
        var type = Option(record, name).Property.PropertyType;

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(With(record, name, Enum.ToObject(type, 99)).Validate);

        Assert.Contains($"{name} is 99, but must be one of {string.Join(", ", Enum.GetNames(type))}.", fault.Message);
        Assert.StartsWith("The options have ", fault.Message);
        Assert.AreEqual("options", fault.ParamName);
    }

    [TestMethod]
    [DataRow("Variant")]
    [DataRow("Embedding")]
    [DataRow("Augmentation")]
    [DataRow("Sampling")]
    public void Validate_NestedRecordIsNull_ThrowsNamingIt(string name)
    {
        var options = new NoPropOptions();
        typeof(NoPropOptions).GetProperty(name)!.SetValue(options, null);

        Assert.Contains($"{name} is null", Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate).Message);
    }

    [TestMethod]
    [DataRow(0, 8, 8)]
    [DataRow(1, 7, 8)]
    [DataRow(1, 8, 7)]
    [DataRow(-1, -8, 8)]
    [DataRow(65_536, 65_536, 65_536)] // overflows
    public void Validate_ImpossibleImageShape_ThrowsNamingIt(int channels, int height, int width)
    {
        var options = new NoPropOptions { ImageShape = new ImageShape(channels, height, width) };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains($"ImageShape is {channels}×{height}×{width}", fault.Message);
    }

    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(13, 1, 1)]
    public void Validate_VectorForMlp_IsAccepted(int channels, int height, int width)
    {
        new NoPropOptions { Backbone = NoPropBackbone.Mlp, ImageShape = new ImageShape(channels, height, width) }.Validate();
    }

    // What depends on a number is not asked before the number is looked at.
    [TestMethod]
    [DataRow(-1)]
    [DataRow(int.MaxValue)]
    public void Validate_ImpossibleNumberOfBlocksWithOtherFaults_ListsAll(int blocks)
    {
        var options = NoPropOptions.Photos with { Variant = new DiscreteTime { BlockCount = blocks } };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains($"BlockCount is {blocks}, but must be from 1 to ", fault.Message);
        Assert.Contains("Variant is DiscreteTime, whose blocks have an image network each", fault.Message);
    }

    [TestMethod]
    public void Validate_SeveralFaults_ListsAllAtOnce()
    {
        var options = new NoPropOptions
        {
            Epochs = 0,
            LearningRate = -1,
            LabelColumnName = "",
            Sampling = new() { Solver = (OdeSolver)7, Draws = 2000 },
        };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains("The options have 5 faults: ", fault.Message);
        Assert.Contains("LabelColumnName is empty, but must name a column.", fault.Message);
        Assert.Contains("Epochs is 0, but must be from 1 to 100000.", fault.Message);
        Assert.Contains("LearningRate is -1, but must be above 0 and at most 10.", fault.Message);
        Assert.Contains(
            "Sampling.Solver is 7, but must be one of Euler, Heun, ExponentialEuler, ExponentialHeun, Multistep, Adaptive.",
            fault.Message);
        Assert.Contains("Sampling.Draws is 2000, but must be from 0 to 1024.", fault.Message);
    }

    [TestMethod]
    public void Validate_AncestralAsItMustBe_IsAccepted()
    {
        new NoPropOptions
        {
            Sampling = new() { Dynamics = FlowDynamics.Ancestral, Solver = OdeSolver.ExponentialEuler, Draws = 1 },
        }.Validate();
    }

    [TestMethod]
    [DataRow(NoiseScheduleKind.LinearLogSnr)]
    [DataRow(NoiseScheduleKind.Cosine)]
    public void Validate_TimesUniformInLogSnrOfAFixedSchedule_AreAccepted(NoiseScheduleKind schedule)
    {
        new NoPropOptions
        {
            Variant = new ContinuousTime { TimeSampling = TimeSampling.UniformInLogSnr, NoiseSchedule = schedule },
        }.Validate();
    }

    [TestMethod]
    public void Validate_OneFault_SaysSoInTheSingular()
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(new NoPropOptions { Epochs = 0 }.Validate);

        Assert.StartsWith("The options have a fault: Epochs is 0", fault.Message);
    }

    [TestMethod]
    public void Validate_Presets_AreValid()
    {
        NoPropOptions[] presets =
        [
            new(), NoPropOptions.JaxReference, NoPropOptions.PaperContinuousTime, NoPropOptions.PaperDiscreteTime,
            NoPropOptions.PaperFlowMatching, NoPropOptions.Photos, NoPropOptions.Tables,
        ];

        foreach (var preset in presets)
        {
            preset.Validate();
        }
    }

    // The paper's table 3, sections 2.1 and 2.2, appendix B and figure 6.
    [TestMethod]
    public void Paper_Presets_AreWhatThePaperStates()
    {
        var preset = NoPropOptions.PaperContinuousTime;
        var variant = (ContinuousTime)preset.Variant;
        var blocks = (DiscreteTime)NoPropOptions.PaperDiscreteTime.Variant;
        var flow = (FlowMatching)NoPropOptions.PaperFlowMatching.Variant;

        Assert.AreEqual((100, 128, 1e-3, 1e-3), (preset.Epochs, preset.BatchSize, preset.LearningRate, preset.WeightDecay));
        Assert.AreEqual((NoPropBackbone.PaperConv, EmbeddingKind.OneHot), (preset.Backbone, preset.Embedding.Kind));
        Assert.AreEqual(
            (NoiseScheduleKind.LearnedJointly, LossWeighting.SnrDerivative, 1.0),
            (variant.NoiseSchedule, variant.LossWeighting, variant.DenoisingFactor));
        Assert.AreEqual(
            (DenoisingLoss.SquaredError, PriorLoss.ExactKl, ReadoutLoss.Linear),
            (variant.DenoisingLoss, variant.PriorLoss, variant.ReadoutLoss));
        Assert.AreEqual(
            new Sampling
            {
                Dynamics = FlowDynamics.Ancestral,
                Solver = OdeSolver.ExponentialEuler,
                SolverSteps = 1_000,
                ScoreReadout = ScoreReadout.LastState,
                Draws = 1,
            },
            preset.Sampling);
        Assert.AreEqual(
            (10, null, NoiseScheduleKind.Cosine, 0.1),
            (blocks.BlockCount, blocks.BlockMaxLogSnr, blocks.NoiseSchedule, blocks.DenoisingFactor));
        Assert.AreEqual((DenoisingLoss.SquaredError, LossWeighting.SnrDerivative), (blocks.DenoisingLoss, blocks.LossWeighting));
        Assert.AreEqual(VelocityForm.Raw, flow.VelocityForm);
        Assert.AreEqual(
            (OdeSolver.Euler, 1_000),
            (NoPropOptions.PaperFlowMatching.Sampling.Solver, NoPropOptions.PaperFlowMatching.Sampling.SolverSteps));
    }

    // The defaults of dimarkov/nullaprop, src/nullaprop (models.py, training.py, inference.py).
    [TestMethod]
    public void JaxReference_Preset_IsWhatThatProjectComputes()
    {
        var preset = NoPropOptions.JaxReference;
        var variant = (ContinuousTime)preset.Variant;

        Assert.AreEqual((EmbeddingKind.Learned, 256, 256), (preset.Embedding.Kind, preset.Embedding.Dimension!.Value, preset.HiddenSize));
        Assert.AreEqual(EmbeddingInitialization.SmallNormal, preset.Embedding.Initialization);
        Assert.AreEqual((-2.5, 2.5), (variant.LogSnrAtNoise, variant.LogSnrAtLabel)); // γ from 5 to −5, s = sigmoid(−γ/2)
        Assert.AreEqual((NoiseScheduleKind.LearnedJointly, LossWeighting.SnrDerivative), (variant.NoiseSchedule, variant.LossWeighting));
        Assert.AreEqual(
            (DenoisingLoss.SquaredError, PriorLoss.HalfSquaredNorm, ReadoutLoss.Denoiser),
            (variant.DenoisingLoss, variant.PriorLoss, variant.ReadoutLoss));
        Assert.AreEqual(
            (FlowDynamics.SimplifiedFlow, OdeSolver.Heun, 40),
            (preset.Sampling.Dynamics, preset.Sampling.Solver, preset.Sampling.SolverSteps));
        Assert.AreEqual((1e-3, 1e-3), (preset.LearningRate, preset.WeightDecay));
        Assert.AreEqual(ScoreReadout.LastPrediction, preset.Sampling.ScoreReadout);
    }

    [TestMethod]
    public void Equals_SameValues_AreEqual()
    {
        var shape = new ImageShape(1, 8, 8);

        Assert.AreEqual(
            new NoPropOptions { ImageShape = shape, Epochs = 3 },
            new NoPropOptions { ImageShape = new ImageShape(1, 8, 8), Epochs = 3 });
        Assert.AreNotEqual(new NoPropOptions { Epochs = 3 }, new NoPropOptions { Epochs = 4 });
    }

    private static OptionProperty Option(string record, string name) =>
        OptionProperty.Of(Record(record).GetType()).Single(option => option.Property.Name == name);

    private static object Record(string name) => Records.Single(record => record.GetType().Name == name);

    private static string? Fault(string record, string name, double value)
    {
        var (copy, option) = (Copy(Record(record)), Option(record, name));
        option.Property.SetValue(copy, Typed(option, value));
        return option.Fault(copy);
    }

    private static NoPropOptions With(string record, string name, object value)
    {
        var copy = Copy(Record(record));
        Option(record, name).Property.SetValue(copy, value);
        return copy switch
        {
            NoPropOptions options => options,
            Sampling sampling => new() { Sampling = sampling },
            Augmentation augmentation => new() { Augmentation = augmentation },
            Embedding embedding => new() { Embedding = embedding },
            _ => new() { Variant = (NoPropVariant)copy },
        };
    }

    private static object Copy(object record) => record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;

    private static bool IsWhole(OptionProperty option) => Type.GetTypeCode(Plain(option)) is TypeCode.Int32 or TypeCode.Int64;

    private static Type Plain(OptionProperty option) =>
        Nullable.GetUnderlyingType(option.Property.PropertyType) ?? option.Property.PropertyType;

    private static object Typed(OptionProperty option, double value) => Plain(option) == typeof(long) && value >= long.MaxValue
        ? long.MaxValue
        : Convert.ChangeType(value, Plain(option), CultureInfo.InvariantCulture);

    private static bool Fits(string record, string name, double value) =>
        !IsWhole(Option(record, name)) || (double.IsFinite(value) && Math.Abs(value) < long.MaxValue);

    // The neighbour of a bound: a whole number, or a number a little further.
    private static double Next(string record, string name, double bound, int direction) =>
        bound + (direction * (IsWhole(Option(record, name)) ? 1 : Math.Max(1e-9, Math.Abs(bound) * 1e-9)));
}
