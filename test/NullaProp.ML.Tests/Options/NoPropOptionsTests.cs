namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class NoPropOptionsTests
{
    // Ranges as the documentation of each property states them; for each bound what lies just outside.
    [TestMethod]
    [DataRow("LabelColumnName", "")]
    [DataRow("LabelColumnName", null)]
    [DataRow("FeatureColumnName", " ")]
    [DataRow("ExampleWeightColumnName", "")]
    [DataRow("ScoreColumnName", "")]
    [DataRow("PredictedLabelColumnName", null)]
    [DataRow("ScoreColumnName", "PredictedLabel")] // the other column's name
    [DataRow("EntropyColumnName", " ")]
    [DataRow("EntropyColumnName", "Score")]
    [DataRow("DisagreementColumnName", "")]
    [DataRow("DisagreementColumnName", "Disagreement")] // no draws by default
    [DataRow("Epochs", 0)]
    [DataRow("Epochs", 100_001)]
    [DataRow("BatchSize", 0)]
    [DataRow("BatchSize", 65_537)]
    [DataRow("LearningRate", 0.0)]
    [DataRow("LearningRate", -1.0)]
    [DataRow("LearningRate", 10.01)]
    [DataRow("LearningRate", double.NaN)]
    [DataRow("LearningRate", double.PositiveInfinity)]
    [DataRow("WeightDecay", -0.001)]
    [DataRow("WeightDecay", 1.001)]
    [DataRow("WeightDecay", double.NaN)]
    [DataRow("LearningRateSchedule", (LearningRateSchedule)99)]
    [DataRow("WarmupFraction", -0.001)]
    [DataRow("WarmupFraction", 1.001)]
    [DataRow("EarlyStoppingPatience", -1)]
    [DataRow("EarlyStoppingPatience", 100_001)]
    [DataRow("ClassWeighting", (ClassWeighting)99)]
    [DataRow("RandomCropPadding", -1)]
    [DataRow("RandomCropPadding", 65)]
    [DataRow("HorizontalFlipProbability", -0.001)]
    [DataRow("HorizontalFlipProbability", 1.001)]
    [DataRow("HorizontalFlipProbability", double.NaN)]
    [DataRow("RotationDegrees", -0.001)]
    [DataRow("RotationDegrees", 180.001)]
    [DataRow("RotationDegrees", double.NaN)]
    [DataRow("MaxCachedBytes", 65_535L)]
    [DataRow("MaxCachedBytes", -1L)]
    [DataRow("Variant", (NoPropVariant)99)]
    [DataRow("BlockCount", 0)]
    [DataRow("BlockCount", 1_001)]
    [DataRow("BlockPlacement", (BlockPlacement)99)]
    [DataRow("FlowNoise", -0.001)]
    [DataRow("FlowNoise", 1.001)]
    [DataRow("VelocityForm", (VelocityForm)99)]
    [DataRow("Backbone", (BackboneKind)99)]
    [DataRow("BackboneName", null)] // with the backbone that needs one
    [DataRow("BackboneName", " ")]
    [DataRow("BackboneWeightsPath", " ")]
    [DataRow("BackbonePrecision", (BackbonePrecision)99)]
    [DataRow("Embedding", (EmbeddingKind)99)]
    [DataRow("EmbeddingInitialization", (EmbeddingInitialization)99)]
    [DataRow("EmbeddingDimension", 0)]
    [DataRow("EmbeddingDimension", 65_537)]
    [DataRow("HiddenSize", 0)]
    [DataRow("HiddenSize", 65_537)]
    [DataRow("NoiseSchedule", (NoiseScheduleKind)99)]
    [DataRow("NoiseSchedule", NoiseScheduleKind.LearnedJointly)] // needs the weight of the bound
    [DataRow("NoiseScheduleHiddenSize", 0)]
    [DataRow("NoiseScheduleHiddenSize", 65_537)]
    [DataRow("LogSnrAtNoise", -20.01)]
    [DataRow("LogSnrAtNoise", 5.0)] // not below the default of the other end
    [DataRow("LogSnrAtNoise", double.NaN)]
    [DataRow("LogSnrAtLabel", 20.01)]
    [DataRow("LogSnrAtLabel", -7.5)]
    [DataRow("TimeSampling", (TimeSampling)99)]
    [DataRow("TimeSampling", TimeSampling.UniformInLogSnr)] // needs a schedule that is not learned
    [DataRow("LossWeighting", (LossWeighting)99)]
    [DataRow("DenoisingFactor", 0.0)]
    [DataRow("DenoisingFactor", 1_000.5)]
    [DataRow("DenoisingLoss", (DenoisingLoss)99)]
    [DataRow("PriorLoss", (PriorLoss)99)]
    [DataRow("ReadoutLoss", (ReadoutLoss)99)]
    [DataRow("Dynamics", (FlowDynamics)99)]
    [DataRow("Dynamics", FlowDynamics.Ancestral)] // needs ExponentialEuler and draws
    [DataRow("Solver", (OdeSolver)99)]
    [DataRow("SolverSteps", 0)]
    [DataRow("SolverSteps", 10_001)]
    [DataRow("SolverTolerance", 0.00009)]
    [DataRow("SolverTolerance", 1.01)]
    [DataRow("SolverTolerance", double.NaN)]
    [DataRow("ScoreReadout", (ScoreReadout)99)]
    [DataRow("EarlyExit", (EarlyExit)99)]
    [DataRow("ReadoutMaxLogSnr", -20.01)]
    [DataRow("ReadoutMaxLogSnr", 20.01)]
    [DataRow("Draws", -1)]
    [DataRow("Draws", 1_025)]
    public void Validate_ValueOutOfRange_ThrowsNamingTheProperty(string property, object? value)
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(With(property, value).Validate);

        Assert.Contains(property, fault.Message);
        Assert.StartsWith("The options have ", fault.Message);
        Assert.AreEqual("options", fault.ParamName);
    }

    [TestMethod]
    [DataRow("Epochs", 1)]
    [DataRow("Epochs", 100_000)]
    [DataRow("ExampleWeightColumnName", null)]
    [DataRow("ExampleWeightColumnName", "Weight")]
    [DataRow("RandomCropPadding", 0)]
    [DataRow("RandomCropPadding", 64)]
    [DataRow("HorizontalFlipProbability", 0.0)]
    [DataRow("HorizontalFlipProbability", 1.0)]
    [DataRow("RotationDegrees", 0.0)]
    [DataRow("RotationDegrees", 180.0)]
    [DataRow("BatchSize", 1)]
    [DataRow("BatchSize", 65_536)]
    [DataRow("LearningRate", 10.0)]
    [DataRow("LearningRate", 1e-12)]
    [DataRow("WeightDecay", 0.0)]
    [DataRow("WeightDecay", 1.0)]
    [DataRow("WarmupFraction", 0.0)]
    [DataRow("WarmupFraction", 1.0)]
    [DataRow("EarlyStoppingPatience", 100_000)]
    [DataRow("Seed", int.MinValue)]
    [DataRow("MaxCachedBytes", 65_536L)]
    [DataRow("MaxCachedBytes", long.MaxValue)]
    [DataRow("BlockCount", 1)]
    [DataRow("BlockCount", 1_000)]
    [DataRow("BlockMaxLogSnr", 20.0)] // read by discrete time alone
    [DataRow("FlowNoise", 1.0)]
    [DataRow("DenoisingFactor", 1_000.0)]
    [DataRow("ReadoutMaxLogSnr", 20.0)]
    [DataRow("BackboneName", "my network")]
    [DataRow("BackboneWeightsPath", "resnet18.safetensors")]
    [DataRow("EmbeddingDimension", 1)]
    [DataRow("EmbeddingDimension", 65_536)]
    [DataRow("HiddenSize", 1)]
    [DataRow("HiddenSize", 65_536)]
    [DataRow("NoiseScheduleHiddenSize", 1)]
    [DataRow("NoiseScheduleHiddenSize", 65_536)]
    [DataRow("LogSnrAtNoise", -20.0)]
    [DataRow("LogSnrAtLabel", 20.0)]
    [DataRow("EntropyColumnName", "Entropy")]
    [DataRow("SolverSteps", 1)]
    [DataRow("SolverSteps", 10_000)]
    [DataRow("SolverTolerance", 0.0001)]
    [DataRow("SolverTolerance", 1.0)]
    [DataRow("Draws", 1_024)]
    public void Validate_ValueAtTheEndOfItsRange_IsAccepted(string property, object value)
    {
        With(property, value).Validate();
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
        new NoPropOptions { Backbone = BackboneKind.Mlp, ImageShape = new ImageShape(channels, height, width) }.Validate();
    }

    [TestMethod]
    public void Validate_SeveralFaults_ListsAllAtOnce()
    {
        var options = new NoPropOptions { Epochs = 0, LearningRate = -1, Solver = (OdeSolver)7, Draws = 2000, LabelColumnName = "" };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains("The options have 5 faults: ", fault.Message);
        Assert.Contains("LabelColumnName is empty, but must name a column.", fault.Message);
        Assert.Contains("Epochs is 0, but must be from 1 to 100000.", fault.Message);
        Assert.Contains("LearningRate is -1, but must be above 0 and at most 10.", fault.Message);
        Assert.Contains("Solver is 7, but must be one of Euler, Heun, ExponentialEuler, ExponentialHeun, Multistep, Adaptive.", fault.Message);
        Assert.Contains("Draws is 2000, but must be from 0 to 1024.", fault.Message);
    }

    [TestMethod]
    public void Validate_AncestralAsItMustBe_IsAccepted()
    {
        new NoPropOptions { Dynamics = FlowDynamics.Ancestral, Solver = OdeSolver.ExponentialEuler, Draws = 1 }.Validate();
    }

    [TestMethod]
    [DataRow(NoiseScheduleKind.LinearLogSnr)]
    [DataRow(NoiseScheduleKind.Cosine)]
    public void Validate_TimesUniformInLogSnrOfAFixedSchedule_AreAccepted(NoiseScheduleKind schedule)
    {
        new NoPropOptions { TimeSampling = TimeSampling.UniformInLogSnr, NoiseSchedule = schedule }.Validate();
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
        new NoPropOptions().Validate();
        NoPropOptions.Nullaprop.Validate();
        NoPropOptions.Paper.Validate();
        (NoPropOptions.Paper with { Variant = NoPropVariant.DiscreteTime, NoiseSchedule = NoiseScheduleKind.Cosine, DenoisingFactor = 0.1 }).Validate();
        (NoPropOptions.Paper with { Variant = NoPropVariant.FlowMatching, Solver = OdeSolver.Euler }).Validate();
    }

    // The paper's table 3, section 2.2.2, appendix B and figure 6.
    [TestMethod]
    public void Paper_Preset_IsWhatThePaperStates()
    {
        var preset = NoPropOptions.Paper;

        Assert.AreEqual((100, 128, 1e-3, 1e-3), (preset.Epochs, preset.BatchSize, preset.LearningRate, preset.WeightDecay));
        Assert.AreEqual((NoPropVariant.ContinuousTime, BackboneKind.PaperConv, EmbeddingKind.OneHot), (preset.Variant, preset.Backbone, preset.Embedding));
        Assert.AreEqual((NoiseScheduleKind.LearnedJointly, LossWeighting.SnrDerivative, 1.0), (preset.NoiseSchedule, preset.LossWeighting, preset.DenoisingFactor));
        Assert.AreEqual((DenoisingLoss.SquaredError, PriorLoss.ExactKl, ReadoutLoss.Linear), (preset.DenoisingLoss, preset.PriorLoss, preset.ReadoutLoss));
        Assert.AreEqual((FlowDynamics.Ancestral, 1_000, ScoreReadout.LastState), (preset.Dynamics, preset.SolverSteps, preset.ScoreReadout));
        Assert.AreEqual((10, BlockPlacement.EvenInTime), (preset.BlockCount, preset.BlockPlacement)); // its discrete time
        Assert.AreEqual(VelocityForm.Raw, preset.VelocityForm); // its flow matching
    }

    // What the seed project computes: the defaults of dimarkov/nullaprop, src/nullaprop (models.py, training.py, inference.py).
    [TestMethod]
    public void Nullaprop_Preset_IsWhatTheSeedComputes()
    {
        var preset = NoPropOptions.Nullaprop;

        Assert.AreEqual((EmbeddingKind.Learned, 256, 256), (preset.Embedding, preset.EmbeddingDimension, preset.HiddenSize));
        Assert.AreEqual(EmbeddingInitialization.SmallNormal, preset.EmbeddingInitialization);
        Assert.AreEqual((-2.5, 2.5), (preset.LogSnrAtNoise, preset.LogSnrAtLabel)); // γ from 5 to −5, s = sigmoid(−γ/2)
        Assert.AreEqual((NoiseScheduleKind.LearnedJointly, LossWeighting.SnrDerivative), (preset.NoiseSchedule, preset.LossWeighting));
        Assert.AreEqual((DenoisingLoss.SquaredError, PriorLoss.HalfSquaredNorm, ReadoutLoss.Denoiser), (preset.DenoisingLoss, preset.PriorLoss, preset.ReadoutLoss));
        Assert.AreEqual((FlowDynamics.SimplifiedFlow, OdeSolver.Heun, 40), (preset.Dynamics, preset.Solver, preset.SolverSteps));
        Assert.AreEqual((1e-3, 1e-3), (preset.LearningRate, preset.WeightDecay));
        Assert.AreEqual(ScoreReadout.LastPrediction, preset.ScoreReadout);
    }

    [TestMethod]
    public void Equals_SameValues_AreEqual()
    {
        var shape = new ImageShape(1, 8, 8);

        Assert.AreEqual(new NoPropOptions { ImageShape = shape, Epochs = 3 }, new NoPropOptions { ImageShape = new ImageShape(1, 8, 8), Epochs = 3 });
        Assert.AreNotEqual(new NoPropOptions { Epochs = 3 }, new NoPropOptions { Epochs = 4 });
    }

    [TestMethod]
    public void Validate_EveryProperty_StandsInTheTableAbove()
    {
        var tested = typeof(NoPropOptionsTests).GetMethods()
            .SelectMany(method => method.GetCustomAttributes(typeof(DataRowAttribute), false).Cast<DataRowAttribute>())
            .Select(row => row.Data?[0])
            .OfType<string>()
            .Append(nameof(NoPropOptions.ImageShape))
            .Append(nameof(NoPropOptions.ClassWeights)) // ClassWeightsTests
            .ToHashSet();

        var properties = typeof(NoPropOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name);

        CollectionAssert.AreEqual(Array.Empty<string>(), properties.Where(property => !tested.Contains(property)).ToArray());
    }

    private static NoPropOptions With(string property, object? value)
    {
        var options = new NoPropOptions { Backbone = property == nameof(NoPropOptions.BackboneName) ? BackboneKind.Custom : BackboneKind.SmallConv };
        typeof(NoPropOptions).GetProperty(property)!.SetValue(options, value);
        return options;
    }
}
