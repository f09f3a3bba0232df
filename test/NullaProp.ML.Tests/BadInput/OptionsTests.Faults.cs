
namespace NullaProp.ML.Tests.BadInput;

/// <summary>Options and what is said of them.</summary>
public sealed partial class OptionsTests
{
    public static IEnumerable<(NoPropOptions Options, string Sentence)> Faults =>
    [
        (new() { LabelColumnName = "" }, "LabelColumnName is empty, but must name a column."),
        (new() { LabelColumnName = null! }, "LabelColumnName is empty, but must name a column."),
        (new() { FeatureColumnName = " " }, "FeatureColumnName is empty, but must name a column."),
        (new() { FeatureColumnName = null! }, "FeatureColumnName is empty, but must name a column."),
        (new() { ExampleWeightColumnName = " " },
            "ExampleWeightColumnName is empty, but must name a column, or be null for no such column."),
        (new() { ScoreColumnName = null! }, "ScoreColumnName is empty, but must name a column."),
        (new() { PredictedLabelColumnName = "Label" },
            "PredictedLabelColumnName is 'Label', which is the LabelColumnName, too: an evaluation would compare the predictions with "
            + "themselves."),
        (new() { ScoreColumnName = "Label" },
            "ScoreColumnName is 'Label', which is the LabelColumnName, too: an evaluation would take it for the labels."),
        (new()
        {
            Sampling = new() { EntropyColumnName = "Label" },
        }, "EntropyColumnName is 'Label', which is the LabelColumnName, too: an evaluation would take it for the labels."),
        (new()
        {
            Sampling = new() { DisagreementColumnName = "Label", Draws = 2 },
        }, "DisagreementColumnName is 'Label', which is the LabelColumnName, too: an evaluation would take it for the labels."),
        (new() { PredictedLabelColumnName = "\t" }, "PredictedLabelColumnName is empty, but must name a column."),
        (new()
        {
            ScoreColumnName = "A",
            PredictedLabelColumnName = "A",
        }, "ScoreColumnName and PredictedLabelColumnName are both 'A', but must differ."),
        (new()
        {
            Sampling = new() { EntropyColumnName = "Score" },
        }, "ScoreColumnName and EntropyColumnName are both 'Score', but must differ."),
        (new()
        {
            ScoreColumnName = "A",
            Sampling = new() { EntropyColumnName = "A", DisagreementColumnName = "A", Draws = 2 },
        }, "ScoreColumnName and EntropyColumnName and DisagreementColumnName are all 'A', but must differ."),
        (new()
        {
            Sampling = new() { EntropyColumnName = " " },
        }, "EntropyColumnName is empty, but must name a column, or be null for no such column."),
        (new()
        {
            Sampling = new() { DisagreementColumnName = "", Draws = 2 },
        }, "DisagreementColumnName is empty, but must name a column, or be null for no such column."),
        (new()
        {
            Sampling = new() { DisagreementColumnName = "D" },
        }, "DisagreementColumnName is 'D', but Draws is 0 and it takes two draws to disagree: set Draws to 2 or more."),
        (new()
        {
            Sampling = new() { DisagreementColumnName = "D", Draws = 1 },
        }, "but Draws is 1 and it takes two draws to disagree: set Draws to 2 or more."),
        (new() { ImageShape = new(0, 28, 28) }, "ImageShape is 0×28×28, but needs at least 1 channel and 8×8 pixels"),
        (new() { ImageShape = new(1, 7, 28) }, "ImageShape is 1×7×28, but needs at least 1 channel and 8×8 pixels"),
        (new() { ImageShape = new(1, 28, -1) }, "ImageShape is 1×28×-1, but needs at least 1 channel and 8×8 pixels"),
        (new() { ImageShape = new(int.MaxValue, int.MaxValue, int.MaxValue) }, "and at most 2147483647 values."),
        (new() { ImageShape = new(1 << 22, 1 << 21, 1 << 21) }, "and at most 2147483647 values."), // 2 to the power of 64: 0 in 64 bits
        (new() { Epochs = 0 }, "Epochs is 0, but must be from 1 to 100000."),
        (new() { BatchSize = -1 }, "BatchSize is -1, but must be from 1 to 65536."),
        (new() { LearningRate = 0 }, "LearningRate is 0, but must be above 0 and at most 10."),
        (new() { LearningRate = 11.5 }, "LearningRate is 11.5, but must be above 0 and at most 10."),
        (new() { LearningRate = double.NaN }, "LearningRate is NaN, but must be above 0 and at most 10."),
        (new() { WeightDecay = -0.5 }, "WeightDecay is -0.5, but must be from 0 to 1."),
        (new() { WeightDecay = double.NaN }, "WeightDecay is NaN, but must be from 0 to 1."),
        (new() { LearningRateSchedule = (LearningRateSchedule)9 }, "LearningRateSchedule is 9, but must be one of Cosine, Constant."),
        (new() { WarmupFraction = double.NaN }, "WarmupFraction is NaN, but must be from 0 to 1."),
        (new() { EarlyStoppingPatience = -1 }, "EarlyStoppingPatience is -1, but must be from 0 to 100000."),
        (new() { ClassWeighting = (ClassWeighting)9 }, "ClassWeighting is 9, but must be one of None, Balanced."),
        (new()
        {
            ClassWeights = new([new("cat", 2), new("dog", -1)]),
        }, "ClassWeights gives class 'dog' the weight -1, but a class weight must be above 0 and at most 1000000."),
        (new() { Augmentation = new() { RandomCropPadding = 65 } }, "RandomCropPadding is 65, but must be from 0 to 64."),
        (new() { Augmentation = new() { HorizontalFlipProbability = 1.5 } }, "HorizontalFlipProbability is 1.5, but must be from 0 to 1."),
        (new() { Augmentation = new() { RotationDegrees = double.NaN } }, "RotationDegrees is NaN, but must be from 0 to 180."),
        (new() { Augmentation = new() { RandomResizedCrop = 1 } }, "RandomResizedCrop is 1, but must be from 0 to 0.95."),
        (new() { Augmentation = new() { BrightnessJitter = 1.1 } }, "BrightnessJitter is 1.1, but must be from 0 to 1."),
        (new() { Augmentation = new() { Cutout = -0.1 } }, "Cutout is -0.1, but must be from 0 to 1."),
        (new() { MaxCachedBytes = 0 }, "MaxCachedBytes is 0, but must be 65536 or more."),
        (new() { Variant = null! }, "Variant is null, but must be a record of options. Leave it out for the defaults."),
        (new()
        {
            Embedding = new() { Kind = (EmbeddingKind)9 },
        }, "Embedding.Kind is 9, but must be one of OneHot, LearnedUnitNorm, Learned."),
        (new()
        {
            Embedding = new() { Initialization = (EmbeddingInitialization)9 },
        }, "Embedding.Initialization is 9, but must be one of Orthogonal, SmallNormal, FeatureMedoidBySum, FeatureMedoidByMedian, "
            + "PixelMedoid."),
        (new() { Embedding = new() { Dimension = 0 } }, "Embedding.Dimension is 0, but must be from 1 to 65536."),
        (new() { HiddenSize = 65_537 }, "HiddenSize is 65537, but must be from 1 to 65536."),
        (new()
        {
            Variant = new ContinuousTime { NoiseSchedule = (NoiseScheduleKind)9 },
        }, "NoiseSchedule is 9, but must be one of Learned, LearnedJointly, LinearLogSnr, Cosine."),
        (new()
        {
            Variant = new ContinuousTime { TimeSampling = (TimeSampling)9 },
        }, "TimeSampling is 9, but must be one of UniformInTime, UniformInLogSnr."),
        (new()
        {
            Variant = new ContinuousTime { TimeSampling = TimeSampling.UniformInLogSnr },
        }, "TimeSampling is UniformInLogSnr and NoiseSchedule is Learned, but times drawn evenly over log-SNR leave a learned schedule "
            + "nothing to learn. Set NoiseSchedule to LinearLogSnr or Cosine."),
        (new()
        {
            Variant = new ContinuousTime
            {
                TimeSampling = TimeSampling.UniformInLogSnr,
                NoiseSchedule = NoiseScheduleKind.LearnedJointly,
                LossWeighting = LossWeighting.SnrDerivative,
            },
        }, "NoiseSchedule is LearnedJointly, but times"),
        (new()
        {
            Sampling = new() { Dynamics = FlowDynamics.Ancestral, Draws = 1 },
        }, "Dynamics is Ancestral and Solver is Heun, but the noise of the reverse diffusion belongs to its exact step. Set Solver to "
            + "ExponentialEuler."),
        (new()
        {
            Sampling = new() { Dynamics = FlowDynamics.Ancestral, Solver = OdeSolver.ExponentialEuler },
        }, "Dynamics is Ancestral and Draws is 0, but a random way needs random draws. Set Draws to 1 or more."),
        (new() { Sampling = new() { SolverTolerance = 0 } }, "SolverTolerance is 0, but must be from 0.0001 to 1."),
        (new()
        {
            Variant = new ContinuousTime { LogSnrAtNoise = double.NegativeInfinity },
        }, "LogSnrAtNoise is -Infinity, but must be from -20 to 20."),
        (new() { Variant = new ContinuousTime { LogSnrAtLabel = double.NaN } }, "LogSnrAtLabel is NaN, but must be from -20 to 20."),
        (new()
        {
            Variant = new ContinuousTime { LogSnrAtNoise = 5, LogSnrAtLabel = 5 },
        }, "LogSnrAtNoise is 5, but must be below LogSnrAtLabel, which is 5."),
        (new()
        {
            Variant = new ContinuousTime { LossWeighting = (LossWeighting)9 },
        }, "LossWeighting is 9, but must be one of Uniform, SnrDerivative, MinSnr."),
        (new()
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LearnedJointly },
        }, "NoiseSchedule is LearnedJointly and LossWeighting is Uniform, but a schedule trained by the loss needs SnrDerivative"),
        (new()
        {
            Variant = new ContinuousTime { DenoisingLoss = (DenoisingLoss)9 },
        }, "DenoisingLoss is 9, but must be one of SquaredError, CrossEntropy."),
        (new()
        {
            Variant = new ContinuousTime { PriorLoss = (PriorLoss)9 },
        }, "PriorLoss is 9, but must be one of ExactKl, HalfSquaredNorm."),
        (new()
        {
            Variant = new ContinuousTime { ReadoutLoss = (ReadoutLoss)9 },
        }, "ReadoutLoss is 9, but must be one of NoisyLabel, Denoiser, Linear."),
        (new()
        {
            Sampling = new() { Dynamics = (FlowDynamics)9 },
        }, "Dynamics is 9, but must be one of ProbabilityFlow, SimplifiedFlow, ReverseDrift, Ancestral."),
        (new()
        {
            Sampling = new() { Solver = (OdeSolver)9 },
        }, "Solver is 9, but must be one of Euler, Heun, ExponentialEuler, ExponentialHeun, Multistep, Adaptive."),
        (new() { Sampling = new() { SolverSteps = 0 } }, "SolverSteps is 0, but must be from 1 to 10000."),
        (new()
        {
            Sampling = new() { ScoreReadout = (ScoreReadout)9 },
        }, "ScoreReadout is 9, but must be one of PathMean, LastPrediction, FirstPrediction, NoisyPathMean, LastState."),
        (new()
        {
            Variant = new ContinuousTime { LossWeighting = LossWeighting.MinSnr },
        }, "LossWeighting is MinSnr and NoiseSchedule is Learned, but a schedule that is trained can pass where the weight is cut off. "
            + "Set NoiseSchedule to LinearLogSnr or Cosine."),
        (new()
        {
            Variant = new DiscreteTime { BlockMaxLogSnr = 2 },
        }, "BlockMaxLogSnr is 2, but must lie between LogSnrAtNoise, which is -7, and LogSnrAtLabel, which is 1."),
        (new()
        {
            Variant = new DiscreteTime { NoiseSchedule = NoiseScheduleKind.Learned },
        }, "NoiseSchedule is Learned, but DiscreteTime trains none. Choose LinearLogSnr or Cosine."),
        (new()
        {
            Variant = new DiscreteTime { NoiseSchedule = NoiseScheduleKind.Cosine },
        }, "NoiseSchedule is Cosine, but BlockMaxLogSnr places the blocks: set it to null to place them evenly over the schedule."),
        (new()
        {
            Variant = new DiscreteTime(),
            Sampling = new() { SolverSteps = 40 },
        }, "SolverSteps of Sampling is set, but DiscreteTime takes one exact step a block: leave it out."),
        (new()
        {
            Variant = new FlowMatching(),
            Sampling = new() { Dynamics = FlowDynamics.SimplifiedFlow },
        }, "Dynamics of Sampling is set, but FlowMatching follows its velocity: leave it out."),
        (new()
        {
            Variant = new FlowMatching { ReadoutLoss = ReadoutLoss.Denoiser },
        }, "ReadoutLoss is Denoiser, but FlowMatching has no network for t = 1 to read from. Choose NoisyLabel or Linear."),
        (new()
        {
            Variant = new CrossEntropyBaseline(),
            Sampling = new() { SolverSteps = 3, Draws = 2 },
        }, "SolverSteps and Draws of Sampling are set, but CrossEntropyBaseline evaluates the network once: leave them out."),
        (new()
        {
            Embedding = new() { Initialization = EmbeddingInitialization.SmallNormal },
        }, "Embedding.Initialization is SmallNormal, but embeddings of the kind OneHot are fixed"),
        (new() { Embedding = new() { Dimension = 20 } }, "Embedding.Dimension is 20, but embeddings of the kind OneHot are as long as "
            + "there are classes: leave it out."),
        (new()
        {
            Embedding = new() { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.PixelMedoid, Dimension = 20 },
        }, "Embedding.Dimension is 20, but PixelMedoid decides it: leave it out."),
        (new()
        {
            Sampling = new() { SolverTolerance = 0.01 },
        }, "SolverTolerance is 0.01, but Solver is Heun: choose Adaptive, or leave the tolerance out."),
        (new()
        {
            Sampling = new() { ReadoutMaxLogSnr = -3 },
        }, "ReadoutMaxLogSnr is -3, but ScoreReadout is PathMean: choose NoisyPathMean, or leave it out."),
        (new() { BackboneName = "mine" }, "BackboneName is 'mine', but Backbone is SmallConv: set it to Custom, or leave the name out."),
        (new() { Sampling = new() { Draws = 1025 } }, "Draws is 1025, but must be from 0 to 1024."),
        (NoPropOptions.Photos with { ImageShape = new(3, 32, 32) }, "ImageShape is 3×32×32, but Backbone PretrainedResNet18 was trained on "
            + "3×224×224: leave it out, and make the images of that size (LoadImageFiles or ResizeImages)."),
        (NoPropOptions.Photos with { Variant = new DiscreteTime() }, "Variant is DiscreteTime, whose blocks have an image network each, "
            + "but Backbone PretrainedResNet18 has 15.9 million weights: choose another variant."),
        (NoPropOptions.Photos with { Augmentation = Augmentation.Photos }, "Augmentation is set, but what Backbone PretrainedResNet18 sees "
            + "in an image is computed once: leave it out, or set FineTuning to Everything (now Automatic)."),
        (NoPropOptions.Photos with
        {
            Embedding = new() { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.PixelMedoid },
        }, "Embedding.Initialization is PixelMedoid, but by Backbone PretrainedResNet18 training sees no pixels: choose "
            + "FeatureMedoidBySum."),
    ];
}
