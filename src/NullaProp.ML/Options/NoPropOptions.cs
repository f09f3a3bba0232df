using System.ComponentModel.DataAnnotations;

namespace NullaProp.ML;

/// <summary>
/// Everything that decides what <see cref="NoPropTrainer"/> trains and how its model scores. A value: compare it, print it, change it with
/// <c>with</c>; it is stored in the model.
/// </summary>
/// <remarks>
/// What only one variant knows stands in <see cref="Variant"/>, what only scoring knows in <see cref="Sampling"/>. What has no use is
/// refused, but for what docs/options.md names. Defaults are the paper's, the reference's, or what measured best (docs/decisions.md).
/// </remarks>
public sealed record NoPropOptions
{
    /// <summary>
    /// Gets settings for people's own photos, of which some dozens a class will do: a network that is trained on photos already, and steps
    /// for few rows.
    /// </summary>
    /// <remarks>Chosen on photos beside those of the published figures (docs/photos.md).</remarks>
    public static NoPropOptions Photos { get; } = new() { Backbone = NoPropBackbone.PretrainedResNet18, Epochs = 5, BatchSize = 32 };

    /// <summary>
    /// Gets settings for tables, of some hundred rows or more: a network for numbers that are no image, and steps for few rows.
    /// </summary>
    /// <remarks>Trained longer, it grows over-confident where the rows tell little (docs/tables.md).</remarks>
    public static NoPropOptions Tables { get; } = new() { Backbone = NoPropBackbone.Mlp, Epochs = 10, BatchSize = 32 };

    /// <summary>
    /// Gets the settings of the JAX reference, dimarkov/nullaprop, as it computes: learned embeddings of 256 values, its dynamics
    /// (û−z)/(1−ᾱ), its losses and its decode.
    /// </summary>
    /// <remarks>
    /// Two of its bugs are not reproduced: its loss multiplies SNR′ and error of different samples (a broadcast of (B,1) with (B)), and its
    /// Heun corrector is handed the slope of ᾱ where ᾱ itself belongs. Also different here: the schedule's parameters are positive, the
    /// start is one stored draw rather than a fresh one a call.
    /// </remarks>
    public static NoPropOptions JaxReference { get; } = new()
    {
        BatchSize = 128,
        LearningRateSchedule = LearningRateSchedule.Constant,
        WarmupFraction = 0,
        Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 256, Initialization = EmbeddingInitialization.SmallNormal },
        Variant = new ContinuousTime
        {
            NoiseSchedule = NoiseScheduleKind.LearnedJointly,
            LogSnrAtNoise = -2.5,
            LogSnrAtLabel = 2.5,
            LossWeighting = LossWeighting.SnrDerivative,
            DenoisingLoss = DenoisingLoss.SquaredError,
            PriorLoss = PriorLoss.HalfSquaredNorm,
            ReadoutLoss = ReadoutLoss.Denoiser,
        },
        Sampling = new()
        {
            Dynamics = FlowDynamics.SimplifiedFlow,
            SolverSteps = 40,
            ScoreReadout = ScoreReadout.LastPrediction,
            Draws = 1,
        },
    };

    /// <summary>
    /// Gets NoProp-CT as the paper states it: its convolutions, one-hot embeddings, SNR′ weight, a schedule trained with the loss, and the
    /// reverse diffusion in 1,000 steps.
    /// </summary>
    /// <remarks>
    /// Not printed there and taken from yhgon/NoProp: the schedule's ends, −5 and 5. Epochs are those for MNIST. Different here: AdamW for
    /// Adam, the reference's encoders and head around the convolutions, stored draws.
    /// </remarks>
    public static NoPropOptions PaperContinuousTime { get; } = new()
    {
        Epochs = 100,
        BatchSize = 128,
        LearningRateSchedule = LearningRateSchedule.Constant,
        WarmupFraction = 0,
        Backbone = NoPropBackbone.PaperConv,
        Variant = new ContinuousTime
        {
            NoiseSchedule = NoiseScheduleKind.LearnedJointly,
            LogSnrAtNoise = -5,
            LogSnrAtLabel = 5,
            LossWeighting = LossWeighting.SnrDerivative,
            DenoisingLoss = DenoisingLoss.SquaredError,
            ReadoutLoss = ReadoutLoss.Linear,
        },
        Sampling = new()
        {
            Dynamics = FlowDynamics.Ancestral,
            Solver = OdeSolver.ExponentialEuler,
            SolverSteps = 1_000,
            ScoreReadout = ScoreReadout.LastState,
            Draws = 1,
        },
    };

    /// <summary>
    /// Gets NoProp-DT as the paper states it: ten blocks over a cosine schedule, SNR differences times η = 0.1 as weights, the reverse
    /// diffusion.
    /// </summary>
    /// <remarks>As <see cref="PaperContinuousTime"/> where the paper says nothing else; and a block reads √ᾱ·z for z.</remarks>
    public static NoPropOptions PaperDiscreteTime { get; } = PaperContinuousTime with
    {
        Variant = new DiscreteTime
        {
            BlockMaxLogSnr = null,
            NoiseSchedule = NoiseScheduleKind.Cosine,
            LogSnrAtNoise = -5,
            LogSnrAtLabel = 5,
            LossWeighting = LossWeighting.SnrDerivative,
            DenoisingLoss = DenoisingLoss.SquaredError,
            DenoisingFactor = 0.1,
        },
        Sampling = new() { Dynamics = FlowDynamics.Ancestral, ScoreReadout = ScoreReadout.LastState, Draws = 1 },
    };

    /// <summary>Gets NoProp-FM as the paper states it: the raw velocity, and Euler in 1,000 steps from one draw.</summary>
    /// <remarks>As <see cref="PaperContinuousTime"/> where the paper says nothing else.</remarks>
    public static NoPropOptions PaperFlowMatching { get; } = PaperContinuousTime with
    {
        Variant = new FlowMatching { VelocityForm = VelocityForm.Raw, ReadoutLoss = ReadoutLoss.Linear },
        Sampling = new() { Solver = OdeSolver.Euler, SolverSteps = 1_000, ScoreReadout = ScoreReadout.LastState, Draws = 1 },
    };

    /// <summary>Gets the column of class labels: a key, as <c>MapValueToKey</c> makes it.</summary>
    /// <value>Default <c>Label</c>.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// Gets the column of images: a vector of <see cref="float"/> or <see cref="byte"/> as <c>ExtractPixels</c> makes it, or an
    /// <c>MLImage</c>; of any vectors for <see cref="NoPropBackbone.Mlp"/>.
    /// </summary>
    /// <value>Default <c>Features</c>.</value>
    public string FeatureColumnName { get; init; } = "Features";

    /// <summary>
    /// Gets the column of row weights, single numbers of <see cref="float"/>, 0 or more: the loss of a training row is multiplied by its
    /// weight over the mean weight of the training data, so that the learning rate keeps its meaning. Validation data needs no such column;
    /// its metrics are unweighted.
    /// </summary>
    /// <value>Default <see langword="null"/>: every row counts the same.</value>
    public string? ExampleWeightColumnName { get; init; }

    /// <summary>Gets the output column of class probabilities. <c>CrossValidate</c> needs the default name.</summary>
    /// <value>Default <c>Score</c>.</value>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>Gets the output column of the predicted class, a key. <c>CrossValidate</c> needs the default name.</summary>
    /// <value>Default <c>PredictedLabel</c>.</value>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>
    /// Gets the size of the images. Needed only where the feature column does not carry it: for a flat vector (unless
    /// <see cref="Backbone"/> is <see cref="NoPropBackbone.Mlp"/>), or images of unknown size.
    /// </summary>
    /// <value>Default <see langword="null"/>: read from the column's type.</value>
    public ImageShape? ImageShape { get; init; }

    /// <summary>Gets the number of epochs: in each, every network of the variant sees the training data once.</summary>
    /// <value>Default 10; 1 to 100,000.</value>
    [Range(1, 100_000)]
    public int Epochs { get; init; } = 10;

    /// <summary>Gets the number of images in a training step.</summary>
    /// <value>Default 128 (paper, table 3); 1 to 65,536.</value>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>Gets the highest learning rate of the AdamW optimizer.</summary>
    /// <value>Default 0.001 (paper, table 3; JAX reference); above 0, at most 10.</value>
    [Range(0.0, 10.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Gets AdamW's decoupled weight decay, applied to matrices and not to biases, norms, embeddings or the schedule.</summary>
    /// <value>Default 0.001 (paper, table 3; JAX reference); 0 to 1.</value>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-3;

    /// <summary>Gets how the learning rate changes from step to step once it has risen.</summary>
    /// <value>Default <see cref="LearningRateSchedule.Cosine"/>.</value>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Gets the share of all steps over which the learning rate rises in a straight line.</summary>
    /// <value>Default 0.1; 0 to 1.</value>
    [Range(0.0, 1.0)]
    public double WarmupFraction { get; init; } = 0.1;

    /// <summary>
    /// Gets the number of epochs without a lower validation log-loss after which training stops and the best epoch's parameters are
    /// restored. Needs <see cref="NoPropRun.Validation"/>; without, training warns and runs all epochs.
    /// </summary>
    /// <value>Default 0: off, the last epoch's parameters are kept, but under <see cref="FineTuning.Automatic"/>; 0 to 100,000.</value>
    [Range(0, 100_000)]
    public int EarlyStoppingPatience { get; init; }

    /// <summary>
    /// Gets how much the classes count by the number of their rows. Multiplies with <see cref="ClassWeights"/> and
    /// <see cref="ExampleWeightColumnName"/>, before the mean is taken.
    /// </summary>
    /// <value>Default <see cref="ClassWeighting.None"/>.</value>
    public ClassWeighting ClassWeighting { get; init; } = ClassWeighting.None;

    /// <summary>
    /// Gets how much the rows of some classes count, by class name; for a bare key the names are the numbers from 0. Multiplies with
    /// <see cref="ClassWeighting"/> and <see cref="ExampleWeightColumnName"/>, before the mean is taken.
    /// </summary>
    /// <value>Default <see langword="null"/>: 1 for every class, as for each that is not named; above 0, at most 1,000,000.</value>
    public ClassWeights? ClassWeights { get; init; }

    /// <summary>
    /// Gets the seed of every random number: first parameters, order, augmentation, times, noise, stored draws. The same data, options,
    /// seed and number of threads give the same model on the same kind of CPU; name a <see cref="BackbonePrecision"/> where processors
    /// differ. On a GPU sums may differ in their last digits, and a module of the user's own draws what its dropout likes.
    /// </summary>
    /// <value>Default <see langword="null"/>: the seed of the <c>MLContext</c>, or 0 where that has none.</value>
    public int? Seed { get; init; }

    /// <summary>
    /// Gets the memory for training images, in bytes: one byte a pixel value where all are whole numbers from 0 to 255, else four. Data
    /// that takes more is read anew for every pass (discrete time: one pass a block and epoch), in random order where ML.NET can do so, and
    /// shuffled through a buffer of this size.
    /// </summary>
    /// <value>Default 1,073,741,824 (1 GiB, some 1.3 million images of 28×28 bytes); 65,536 or more.</value>
    [Range(65_536.0, long.MaxValue)]
    public long MaxCachedBytes { get; init; } = 1L << 30;

    /// <summary>Gets the network that reads the image.</summary>
    /// <value>Default <see cref="NoPropBackbone.SmallConv"/> (JAX reference).</value>
    [DecidesParameters]
    public NoPropBackbone Backbone { get; init; } = NoPropBackbone.SmallConv;

    /// <summary>Gets the name under which <see cref="NoPropBackbones"/> knows the user's own module; stored in the model.</summary>
    /// <value>Default <see langword="null"/>; a name for <see cref="NoPropBackbone.Custom"/>, and for no other.</value>
    [DecidesParameters]
    public string? BackboneName { get; init; }

    /// <summary>
    /// Gets a safetensors file whose tensors the backbone starts from, named as in torchvision's state dict for a ResNet; <c>fc.*</c> is
    /// not used. A first convolution for another number of channels, or of another size, is trained from scratch. Red, green and blue of 0
    /// to 255 are scaled as torchvision's ResNets were trained where all of a ResNet's stem fits (sides of 64 pixels or more) and the file
    /// is torchvision's, not this library's own; other pixels by the training data's statistics. A channel that never varies has no
    /// influence in either. For <see cref="NoPropBackbone.PretrainedResNet18"/> the folder DnnImageModels of its package.
    /// </summary>
    /// <value>
    /// Default <see langword="null"/>: the backbone is trained from scratch; for <see cref="NoPropBackbone.PretrainedResNet18"/> the folder
    /// that the package's build puts beside the application. Read by <c>Fit</c> alone, and not stored in the model.
    /// </value>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? BackboneWeightsPath { get; init; }

    /// <summary>Gets how much of a pretrained network is trained: not stored in a model, so give it anew to train one further.</summary>
    /// <value>Default <see cref="FineTuning.Automatic"/>; another one for <see cref="NoPropBackbone.PretrainedResNet18"/> alone.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public FineTuning FineTuning { get; init; } = FineTuning.Automatic;

    /// <summary>Gets in which numbers the backbone computes while it is trained. Scoring is always of single precision.</summary>
    /// <value>
    /// Default <see cref="BackbonePrecision.Automatic"/>: bfloat16 where the hardware is faster with it (docs/performance.md).
    /// </value>
    public BackbonePrecision BackbonePrecision { get; init; } = BackbonePrecision.Automatic;

    /// <summary>Gets the width of image features, label and time encodings. To a noisy label of this length its code is added.</summary>
    /// <value>Default 256 (JAX reference; paper, figure 6); 1 to 65,536.</value>
    [Range(1, 65_536), DecidesParameters]
    public int HiddenSize { get; init; } = 256;

    /// <summary>Gets what is trained: a variant of NoProp, or the plain classifier to compare it with.</summary>
    /// <value>Default <see cref="ContinuousTime"/> with its defaults.</value>
    public NoPropVariant Variant { get; init; } = new ContinuousTime();

    /// <summary>Gets what stands for a class in the space that noise is added to.</summary>
    /// <value>Default: one-hot.</value>
    public Embedding Embedding { get; init; } = new();

    /// <summary>Gets the random changes of training images.</summary>
    /// <value>Default <see cref="Augmentation.None"/>.</value>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Gets how the model scores. May be changed after training, by <see cref="NoPropTransformer.WithSampling"/>.</summary>
    /// <value>Default: Heun in two steps from z₀ = 0, the mean over the way.</value>
    public Sampling Sampling { get; init; } = new();

    /// <summary>Checks every option against its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Options are out of range, or have no effect here; the message lists all of them.
    /// </exception>
    public void Validate() => OptionsValidator.Validate(this);
}

/// <summary>
/// How the learning rate changes from step to step, behind the rise over <see cref="NoPropOptions.WarmupFraction"/> of the steps.
/// </summary>
public enum LearningRateSchedule
{
    /// <summary>Half a cosine down to 0.</summary>
    Cosine,

    /// <summary>The same at every step behind the rise.</summary>
    Constant,
}
