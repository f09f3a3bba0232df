namespace NullaProp.ML;

/// <summary>Everything that decides what <see cref="NoPropTrainer"/> trains and how its model scores. A value: compare it, print it, change it with <c>with</c>; it is stored in the model.</summary>
/// <remarks>The defaults are what measured best (docs/decisions.md). <see cref="Nullaprop"/> is a preset named after the seed project, <see cref="Paper"/> follows the paper.</remarks>
public sealed partial record NoPropOptions
{
    /// <summary>Gets the column of class labels: a key, as <c>MapValueToKey</c> makes it.</summary>
    /// <value>Default <c>Label</c>.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>Gets the column of images: a vector of <see cref="float"/> or <see cref="byte"/> as <c>ExtractPixels</c> makes it, or an <c>MLImage</c>; of any vectors for <see cref="BackboneKind.Mlp"/>.</summary>
    /// <value>Default <c>Features</c>.</value>
    public string FeatureColumnName { get; init; } = "Features";

    /// <summary>
    /// Gets the column of row weights, single numbers of <see cref="float"/>, 0 or more: the loss of a training row is multiplied by its weight over the mean weight of
    /// the training data, so that the learning rate keeps its meaning. Validation data needs no such column; its metrics are unweighted.
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
    /// Gets the output column of the Shannon entropy −Σ p·ln p of the class probabilities, one <see cref="float"/>: nats, from 0 where a class is certain to ln K where
    /// all are alike. Reject images above a threshold. May be changed after training.
    /// </summary>
    /// <value>Default <see langword="null"/>: no such column.</value>
    public string? EntropyColumnName { get; init; }

    /// <summary>
    /// Gets the output column of the share of <see cref="Draws"/> whose own most probable class is not the predicted one, one <see cref="float"/> from 0 to 1. Reject
    /// images above a threshold. Needs two draws or more. May be changed after training.
    /// </summary>
    /// <value>Default <see langword="null"/>: no such column.</value>
    public string? DisagreementColumnName { get; init; }

    /// <summary>Gets the size of the images. Needed only where the feature column does not carry it: for a flat vector (unless <see cref="Backbone"/> is <see cref="BackboneKind.Mlp"/>), or images of unknown size.</summary>
    /// <value>Default <see langword="null"/>: read from the column's type.</value>
    public ImageShape? ImageShape { get; init; }

    /// <summary>Gets the number of passes over the training data.</summary>
    /// <value>Default 10; 1 to 100,000.</value>
    public int Epochs { get; init; } = 10;

    /// <summary>Gets the number of images in a training step.</summary>
    /// <value>Default 128 (paper, table 3); 1 to 65,536.</value>
    public int BatchSize { get; init; } = 128;

    /// <summary>Gets the highest learning rate of the AdamW optimizer.</summary>
    /// <value>Default 0.001 (paper, table 3; seed); above 0, at most 10.</value>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Gets AdamW's decoupled weight decay, applied to weight matrices and not to biases, norms, embeddings or the schedule.</summary>
    /// <value>Default 0.001 (paper, table 3; seed); 0 to 1.</value>
    public double WeightDecay { get; init; } = 1e-3;

    /// <summary>Gets how the learning rate changes from step to step.</summary>
    /// <value>Default <see cref="LearningRateSchedule.CosineWithWarmup"/>.</value>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.CosineWithWarmup;

    /// <summary>Gets the share of all steps over which the learning rate rises. Ignored when <see cref="LearningRateSchedule"/> is constant.</summary>
    /// <value>Default 0.1; 0 to 1.</value>
    public double WarmupFraction { get; init; } = 0.1;

    /// <summary>
    /// Gets the number of epochs without a lower validation log-loss after which training stops and the best epoch's weights are restored. Needs validation data
    /// in <c>Fit</c>; ignored without.
    /// </summary>
    /// <value>Default 0: off, the last epoch's weights are kept.</value>
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Gets how much the classes count by the number of their rows. Multiplies with <see cref="ClassWeights"/> and <see cref="ExampleWeightColumnName"/>, before the mean is taken.</summary>
    /// <value>Default <see cref="ClassWeighting.None"/>.</value>
    public ClassWeighting ClassWeighting { get; init; } = ClassWeighting.None;

    /// <summary>Gets how much the rows of some classes count, by class name; for a bare key the names are the numbers from 0. Multiplies with <see cref="ClassWeighting"/> and <see cref="ExampleWeightColumnName"/>, before the mean is taken.</summary>
    /// <value>Default <see langword="null"/>: 1 for every class, as for each that is not named; above 0, at most 1,000,000.</value>
    public ClassWeights? ClassWeights { get; init; }

    /// <summary>Gets by how many pixels a training image is shifted at most, up or down and left or right, at random each time it is seen: a random crop of the image with so wide a border of zeros.</summary>
    /// <value>Default 0: off; 0 to 64, below the shorter side of the images. 4 is usual for 32×32 (He et al. 2016, arXiv 1512.03385, section 4.2).</value>
    public int RandomCropPadding { get; init; }

    /// <summary>Gets the probability that a training image is mirrored left to right, drawn each time it is seen. Leave it off where sides matter, as for digits or letters.</summary>
    /// <value>Default 0: off; 0 to 1. 0.5 is usual for photos (He et al. 2016, arXiv 1512.03385, section 4.2).</value>
    public double HorizontalFlipProbability { get; init; }

    /// <summary>Gets by how many degrees a training image is rotated at most, either way, about its centre, at random each time it is seen; pixels are interpolated, corners filled with 0.</summary>
    /// <value>Default 0: off; 0 to 180.</value>
    public double RotationDegrees { get; init; }

    /// <summary>
    /// Gets the random seed for initialisation, shuffling, augmentation, times and noise. The same data, options, seed and number of threads give the same model on the
    /// same kind of device; name a <see cref="NoPropOptions.BackbonePrecision"/> where processors differ.
    /// </summary>
    /// <value>Default <see langword="null"/>: the seed of the <c>MLContext</c>, or 0 where that has none.</value>
    public int? Seed { get; init; }

    /// <summary>
    /// Gets the memory for training images, in bytes, and again for validation images: one byte a pixel value where all are whole numbers from 0 to 255, else four.
    /// Training data that takes more is read anew in every epoch, in discrete time once for each block, and shuffled through a buffer of this size, or of one batch where
    /// that is larger; validation data that takes more is read anew after every epoch, batch by batch.
    /// </summary>
    /// <value>Default 1,073,741,824 (1 GiB, some 1.3 million images of 28×28 bytes); 65,536 or more.</value>
    public long MaxCachedBytes { get; init; } = 1L << 30;

    /// <summary>Gets what is trained: NoProp, or the plain classifier to compare it with.</summary>
    /// <value>Default <see cref="NoPropVariant.ContinuousTime"/>.</value>
    public NoPropVariant Variant { get; init; } = NoPropVariant.ContinuousTime;

    /// <summary>Gets the number T of blocks of <see cref="NoPropVariant.DiscreteTime"/>, each a network of its own. Ignored by other variants.</summary>
    /// <value>Default 10 (paper, table 3); 1 to 1,000.</value>
    public int BlockCount { get; init; } = 10;

    /// <summary>Gets the noise levels of those blocks. Ignored by other variants.</summary>
    /// <value>Default <see cref="BlockPlacement.BeforeLabelShows"/>.</value>
    public BlockPlacement BlockPlacement { get; init; } = BlockPlacement.BeforeLabelShows;

    /// <summary>Gets ln(ᾱ/(1−ᾱ)) of the noisy label that the last block reads under <see cref="BlockPlacement.BeforeLabelShows"/>.</summary>
    /// <value>Default −4 (ᾱ = 0.018: the label says next to nothing, and every block has to read the image); above <see cref="LogSnrAtNoise"/>, below <see cref="LogSnrAtLabel"/>.</value>
    public double BlockMaxLogSnr { get; init; } = -4;

    /// <summary>Gets the deviation σ of the noise around the straight path t·u + (1−t)·z₀ of <see cref="NoPropVariant.FlowMatching"/>. Ignored by other variants.</summary>
    /// <value>Default 0; 0 to 1. The paper does not state its own.</value>
    public double FlowNoise { get; init; }

    /// <summary>Gets what the network of <see cref="NoPropVariant.FlowMatching"/> says of the velocity. Ignored by other variants.</summary>
    /// <value>Default <see cref="VelocityForm.Preconditioned"/>, two points of accuracy ahead of the paper's <see cref="VelocityForm.Raw"/> (docs/decisions.md).</value>
    public VelocityForm VelocityForm { get; init; } = VelocityForm.Preconditioned;

    /// <summary>Gets the network that reads the image.</summary>
    /// <value>Default <see cref="BackboneKind.SmallConv"/> (seed).</value>
    public BackboneKind Backbone { get; init; } = BackboneKind.SmallConv;

    /// <summary>Gets the name under which <see cref="NoPropBackbones"/> knows the user's own module; stored in the model. Needed for <see cref="BackboneKind.Custom"/>, ignored otherwise.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public string? BackboneName { get; init; }

    /// <summary>
    /// Gets a safetensors file whose weights the backbone starts from, named as in torchvision's state dict for a ResNet; <c>fc.*</c> is not used. A first convolution
    /// for another number of channels, or of another size, is trained from scratch. Pixels are standardised by the training data's mean and deviation, not by ImageNet's.
    /// </summary>
    /// <value>Default <see langword="null"/>: the backbone is trained from scratch. Read by <c>Fit</c> alone; a trained model does not need the file.</value>
    public string? BackboneWeightsPath { get; init; }

    /// <summary>Gets in which numbers the backbone computes while it is trained. Scoring is always of single precision.</summary>
    /// <value>Default <see cref="BackbonePrecision.Automatic"/>: bfloat16 where the hardware is faster with it (docs/performance.md).</value>
    public BackbonePrecision BackbonePrecision { get; init; } = BackbonePrecision.Automatic;

    /// <summary>Gets the kind of class embedding.</summary>
    /// <value>Default <see cref="EmbeddingKind.OneHot"/>.</value>
    public EmbeddingKind Embedding { get; init; } = EmbeddingKind.OneHot;

    /// <summary>Gets where learned class embeddings start. Ignored for <see cref="EmbeddingKind.OneHot"/>, which is fixed.</summary>
    /// <value>Default <see cref="EmbeddingInitialization.Orthogonal"/> (paper, section 2.2.1).</value>
    public EmbeddingInitialization EmbeddingInitialization { get; init; } = EmbeddingInitialization.Orthogonal;

    /// <summary>
    /// Gets the length D of a learned class embedding. Ignored for <see cref="EmbeddingKind.OneHot"/>, where D is the number of classes, and where
    /// <see cref="EmbeddingInitialization"/> starts at images: D is <see cref="HiddenSize"/> for their features, channels × height × width for their pixels.
    /// </summary>
    /// <value>Default 20 (paper, table 1; the seed's experiments have 256); 1 to 65,536.</value>
    public int EmbeddingDimension { get; init; } = 20;

    /// <summary>Gets the width of image features, label and time encodings.</summary>
    /// <value>Default 256 (seed; paper, figure 6); 1 to 65,536.</value>
    public int HiddenSize { get; init; } = 256;

    /// <summary>Gets the kind of noise schedule. Discrete time trains none: the learned kinds stand for <see cref="NoiseScheduleKind.LinearLogSnr"/> there. Flow matching has none.</summary>
    /// <value>Default <see cref="NoiseScheduleKind.Learned"/>.</value>
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.Learned;

    /// <summary>Gets the width of the learned schedule's hidden layer. Ignored where the schedule is not learned.</summary>
    /// <value>Default 64 (seed); 1 to 65,536.</value>
    public int NoiseScheduleHiddenSize { get; init; } = 64;

    /// <summary>Gets ln(ᾱ/(1−ᾱ)) at t = 0, where there is nearly nothing but noise. The seed's γ is −2 times this.</summary>
    /// <value>Default −7 (ᾱ = 0.0009, so that the start N(0, I) fits); −20 to below <see cref="LogSnrAtLabel"/>.</value>
    public double LogSnrAtNoise { get; init; } = -7;

    /// <summary>Gets ln(ᾱ/(1−ᾱ)) at t = 1. The clearer the label there (one of ten one-hot labels can be read off in 34 % of cases at 0, in 98 % at 2.8), the less is left to learn about images.</summary>
    /// <value>Default 1 (ᾱ = 0.73, measured best: docs/decisions.md); above <see cref="LogSnrAtNoise"/>, at most 20.</value>
    public double LogSnrAtLabel { get; init; } = 1;

    /// <summary>Gets how the times of a training step are drawn.</summary>
    /// <value>Default <see cref="TimeSampling.UniformInTime"/> (paper, algorithm 2; seed).</value>
    public TimeSampling TimeSampling { get; init; } = TimeSampling.UniformInTime;

    /// <summary>Gets how much each noise level counts in the denoising term. Ignored by <see cref="NoPropVariant.FlowMatching"/>: see <see cref="VelocityForm"/>.</summary>
    /// <value>Default <see cref="LossWeighting.Uniform"/>.</value>
    public LossWeighting LossWeighting { get; init; } = LossWeighting.Uniform;

    /// <summary>Gets η, the factor of the denoising term against the two others. Without effect where embeddings and schedule ends are fixed, for those are constant then.</summary>
    /// <value>Default 1 (paper, table 3, continuous time; 0.1 for discrete time); above 0, at most 1,000.</value>
    public double DenoisingFactor { get; init; } = 1;

    /// <summary>Gets what the denoising term compares. Ignored by <see cref="NoPropVariant.FlowMatching"/>, which compares velocities.</summary>
    /// <value>Default <see cref="DenoisingLoss.CrossEntropy"/>, measured best (docs/decisions.md); the paper and the seed compare embeddings.</value>
    public DenoisingLoss DenoisingLoss { get; init; } = DenoisingLoss.CrossEntropy;

    /// <summary>Gets the form of the prior term. Without effect on training where embeddings and schedule ends are fixed.</summary>
    /// <value>Default <see cref="PriorLoss.ExactKl"/>.</value>
    public PriorLoss PriorLoss { get; init; } = PriorLoss.ExactKl;

    /// <summary>Gets what the read-out term reads the class from. Without effect on training where it is the noisy label and embeddings and schedule ends are fixed.</summary>
    /// <value>Default <see cref="ReadoutLoss.NoisyLabel"/>.</value>
    public ReadoutLoss ReadoutLoss { get; init; } = ReadoutLoss.NoisyLabel;

    /// <summary>Gets the differential equation that scoring integrates. May be changed after training. Ignored by <see cref="NoPropVariant.FlowMatching"/>, which follows its velocity.</summary>
    /// <value>Default <see cref="FlowDynamics.ProbabilityFlow"/>.</value>
    public FlowDynamics Dynamics { get; init; } = FlowDynamics.ProbabilityFlow;

    /// <summary>Gets the method that integrates it. May be changed after training. Ignored by <see cref="NoPropVariant.DiscreteTime"/>, whose blocks each take one exact step.</summary>
    /// <value>Default <see cref="OdeSolver.Heun"/>.</value>
    public OdeSolver Solver { get; init; } = OdeSolver.Heun;

    /// <summary>
    /// Gets the number T of equal steps in t from noise to label; with <see cref="OdeSolver.Adaptive"/> the most steps, and where the tolerance asks for more it gives way: set
    /// 16 or more there. May be changed after training. Ignored by <see cref="NoPropVariant.DiscreteTime"/>: see
    /// <see cref="BlockCount"/>.
    /// </summary>
    /// <value>Default 2, which with Heun is 4 evaluations (docs/decisions.md: more change nothing in accuracy and cost calibration); 1 to 10,000.</value>
    public int SolverSteps { get; init; } = 2;

    /// <summary>
    /// Gets how far a step of <see cref="OdeSolver.Adaptive"/> may miss with an ideal network, as a distance of z, in which one-hot labels are √2 apart. Ignored by other
    /// solvers. May be changed after training.
    /// </summary>
    /// <value>Default 0.1, for which ten classes and the default dynamics take 6 to 10 evaluations; 0.0001 to 1.</value>
    public double SolverTolerance { get; init; } = 0.1;

    /// <summary>Gets which class probabilities become the score. May be changed after training.</summary>
    /// <value>Default <see cref="ScoreReadout.PathMean"/>.</value>
    public ScoreReadout ScoreReadout { get; init; } = ScoreReadout.PathMean;

    /// <summary>Gets the highest ln(ᾱ/(1−ᾱ)) at which an evaluation counts under <see cref="ScoreReadout.NoisyPathMean"/>. May be changed after training.</summary>
    /// <value>Default −1; −20 to 20. The first evaluation counts always.</value>
    public double ReadoutMaxLogSnr { get; init; } = -1;

    /// <summary>Gets whether an image leaves once its class is decided. May be changed after training.</summary>
    /// <value>Default <see cref="EarlyExit.Never"/>.</value>
    public EarlyExit EarlyExit { get; init; } = EarlyExit.Never;

    /// <summary>Gets the number of random starts, stored with the model, whose probabilities are averaged. 0 starts once, from the prior's mean z₀ = 0. May be changed after training.</summary>
    /// <value>Default 0; 0 to 1,024. The time to score grows with it.</value>
    public int Draws { get; init; }

    /// <summary>Checks every option against its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Options are out of range; the message lists all of them.</exception>
    public void Validate() => OptionsValidator.Validate(this);
}
