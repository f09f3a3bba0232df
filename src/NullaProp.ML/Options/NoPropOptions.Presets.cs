namespace NullaProp.ML;

/// <content>Presets named after what they follow.</content>
public sealed partial record NoPropOptions
{
    /// <summary>Gets the settings of the seed project, dimarkov/nullaprop, as it computes: learned embeddings of 256 values, its dynamics (û−z)/(1−ᾱ), its losses and its decode.</summary>
    /// <remarks>
    /// Two of its bugs are not reproduced: its loss multiplies SNR′ and error of different samples (a broadcast of (B,1) with (B)), and its Heun corrector is handed
    /// the slope of ᾱ where ᾱ itself belongs. Also different here: the schedule's weights are positive, the start is one stored draw rather than a fresh one a call.
    /// </remarks>
    public static NoPropOptions Nullaprop { get; } = new()
    {
        BatchSize = 128,
        LearningRateSchedule = LearningRateSchedule.Constant,
        Embedding = EmbeddingKind.Learned,
        EmbeddingDimension = 256,
        EmbeddingInitialization = EmbeddingInitialization.SmallNormal,
        NoiseSchedule = NoiseScheduleKind.LearnedJointly,
        LogSnrAtNoise = -2.5,
        LogSnrAtLabel = 2.5,
        LossWeighting = LossWeighting.SnrDerivative,
        DenoisingLoss = DenoisingLoss.SquaredError,
        PriorLoss = PriorLoss.HalfSquaredNorm,
        ReadoutLoss = ReadoutLoss.Denoiser,
        Dynamics = FlowDynamics.SimplifiedFlow,
        SolverSteps = 40,
        ScoreReadout = ScoreReadout.LastPrediction,
        Draws = 1,
    };

    /// <summary>Gets NoProp-CT as the paper states it: its convolutions, one-hot embeddings, SNR′ weight, a schedule trained with the loss, and the reverse diffusion in 1,000 steps.</summary>
    /// <remarks>
    /// Not printed there and taken from yhgon/NoProp: the schedule's ends, −5 and 5. Epochs are those for MNIST. Different here: AdamW for Adam, the seed project's encoders and
    /// head around the convolutions, stored draws. Its discrete time is <c>Paper with { Variant = NoPropVariant.DiscreteTime, NoiseSchedule = NoiseScheduleKind.Cosine,
    /// DenoisingFactor = 0.1 }</c>, its flow matching <c>Paper with { Variant = NoPropVariant.FlowMatching, Solver = OdeSolver.Euler }</c>.
    /// </remarks>
    public static NoPropOptions Paper { get; } = new()
    {
        Epochs = 100,
        BatchSize = 128,
        LearningRateSchedule = LearningRateSchedule.Constant,
        Backbone = BackboneKind.PaperConv,
        BlockPlacement = BlockPlacement.EvenInTime,
        VelocityForm = VelocityForm.Raw,
        Embedding = EmbeddingKind.OneHot,
        NoiseSchedule = NoiseScheduleKind.LearnedJointly,
        LogSnrAtNoise = -5,
        LogSnrAtLabel = 5,
        LossWeighting = LossWeighting.SnrDerivative,
        DenoisingLoss = DenoisingLoss.SquaredError,
        ReadoutLoss = ReadoutLoss.Linear,
        Dynamics = FlowDynamics.Ancestral,
        Solver = OdeSolver.ExponentialEuler,
        SolverSteps = 1_000,
        ScoreReadout = ScoreReadout.LastState,
        Draws = 1,
    };
}
