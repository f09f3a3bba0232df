using System.ComponentModel.DataAnnotations;
using System.Globalization;
using NullaProp.ML.Diffusion;

namespace NullaProp.ML;

/// <summary>
/// What the variants share that learn from z = √ᾱ·u + √(1−ᾱ)·ε: the ends of the noise levels, and the terms of the loss, eqs. (8) and (9)
/// of the paper.
/// </summary>
public abstract record DiffusionVariant : NoPropVariant
{
    private protected DiffusionVariant()
    {
    }

    /// <summary>Gets ln(ᾱ/(1−ᾱ)) at t = 0, where there is nearly nothing but noise. The JAX reference's γ is −2 times this.</summary>
    /// <value>Default −7 (ᾱ = 0.0009, so that the start N(0, I) fits); −20 to below <see cref="LogSnrAtLabel"/>.</value>
    [Range(-20.0, 20.0), DecidesParameters]
    public double LogSnrAtNoise { get; init; } = -7;

    /// <summary>
    /// Gets ln(ᾱ/(1−ᾱ)) at t = 1. The clearer the label there (one of ten one-hot labels can be read off in 34 % of cases at 0, in 98 % at
    /// 2.8), the less is left to learn about images.
    /// </summary>
    /// <value>Default 1 (ᾱ = 0.73, measured best: docs/decisions.md); above <see cref="LogSnrAtNoise"/>, at most 20.</value>
    [Range(-20.0, 20.0), DecidesParameters]
    public double LogSnrAtLabel { get; init; } = 1;

    /// <summary>Gets how much each noise level counts in the denoising term.</summary>
    /// <value>Default <see cref="LossWeighting.Uniform"/>.</value>
    public LossWeighting LossWeighting { get; init; } = LossWeighting.Uniform;

    /// <summary>
    /// Gets η, the factor of the denoising term against the two others, which are constant, and reported as 0, where embeddings and
    /// schedule ends are fixed (but for <see cref="ReadoutLoss.Denoiser"/>, whose read-out is trained all the same).
    /// </summary>
    /// <value>Default 1, as the paper has for continuous time (table 3; for discrete time it has 0.1); above 0, at most 1,000.</value>
    [Range(0.0, 1_000.0, MinimumIsExclusive = true)]
    public double DenoisingFactor { get; init; } = 1;

    /// <summary>Gets what the denoising term compares.</summary>
    /// <value>
    /// Default <see cref="DenoisingLoss.CrossEntropy"/>, measured best (docs/decisions.md); the paper and the JAX reference compare
    /// embeddings.
    /// </value>
    public DenoisingLoss DenoisingLoss { get; init; } = DenoisingLoss.CrossEntropy;

    /// <summary>Gets the form of the prior term.</summary>
    /// <value>Default <see cref="PriorLoss.ExactKl"/>.</value>
    public PriorLoss PriorLoss { get; init; } = PriorLoss.ExactKl;

    /// <inheritdoc/>
    internal override string SteadierChoice => LossWeighting == LossWeighting.Uniform
        ? string.Empty
        : $"choose {nameof(LossWeighting)}.{nameof(LossWeighting.Uniform)} (now {LossWeighting})";

    /// <inheritdoc/>
    /// <remarks>Finite, and rising from noise to label.</remarks>
    internal override bool HasSchedule(NoiseSchedule schedule)
    {
        var levels = schedule.Levels([0, 0.25, 0.5, 0.75, 1]);
        return levels.All(level => double.IsFinite(level.LogSnr) && double.IsFinite(level.LogSnrRate))
            && levels.Zip(levels.Skip(1)).All(pair => pair.First.LogSnr <= pair.Second.LogSnr)
            && levels[0].LogSnr < levels[^1].LogSnr;
    }

    /// <inheritdoc/>
    internal override IEnumerable<string> Faults(NoPropOptions options)
    {
        if (LogSnrAtNoise >= LogSnrAtLabel)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(LogSnrAtNoise)} is {LogSnrAtNoise}, but must be below {nameof(LogSnrAtLabel)}, which is {LogSnrAtLabel}.");
        }

        if (options.Sampling is { Dynamics: FlowDynamics.Ancestral, Draws: 0 })
        {
            yield return $"{nameof(Sampling.Dynamics)} is {options.Sampling.Dynamics} and {nameof(Sampling.Draws)} is 0, but a random way "
                + $"needs random draws. Set {nameof(Sampling.Draws)} to 1 or more.";
        }
    }
}

/// <summary>How much each noise level counts in the denoising term.</summary>
public enum LossWeighting
{
    /// <summary>Every log signal-to-noise ratio counts alike. Measured best: docs/decisions.md.</summary>
    Uniform,

    /// <summary>
    /// ½·SNR′(t), the weight of the paper's bound (eq. 9). Nearly all of it falls where the noisy label already shows the answer.
    /// </summary>
    SnrDerivative,

    /// <summary>½·min(SNR′(t), 5): the paper's weight, cut off.</summary>
    MinSnr,
}

/// <summary>What the denoising term compares.</summary>
public enum DenoisingLoss
{
    /// <summary>
    /// Squared distance between the predicted embedding û = softmax(logits)·W and the embedding u of the label (paper, eq. 9).
    /// </summary>
    SquaredError,

    /// <summary>Cross-entropy of the logits against the label.</summary>
    CrossEntropy,
}

/// <summary>The term that ties the noisiest label embedding to the standard normal prior.</summary>
public enum PriorLoss
{
    /// <summary>The exact divergence KL(q(z₀|y) ‖ N(0, I)) = ½(ᾱ‖u‖² − Dᾱ − D·ln(1−ᾱ)) at t = 0.</summary>
    ExactKl,

    /// <summary>½‖u‖², as the JAX reference computes it: pulls the embeddings to 0.</summary>
    HalfSquaredNorm,
}

/// <summary>What the read-out term −log p(y|z₁) reads the class from.</summary>
public enum ReadoutLoss
{
    /// <summary>
    /// From z₁ alone, as the paper does, by the Gaussian posterior of the class embeddings, √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖²: keeps learned
    /// embeddings apart.
    /// Differs from the paper: it trains a linear layer where the posterior is known in closed form. Flow matching reads the nearest
    /// embedding, with a trained precision.
    /// In discrete time, learned embeddings are read by <see cref="Linear"/>.
    /// </summary>
    NoisyLabel,

    /// <summary>From the whole network at t = 1, image included, as the JAX reference does: anchors nothing.</summary>
    Denoiser,

    /// <summary>
    /// From z₁ alone by a trained linear layer, as the paper does. For one-hot embeddings the same as <see cref="NoisyLabel"/>.
    /// </summary>
    Linear,
}

/// <summary>
/// How the log signal-to-noise ratio runs from noise (t = 0) to label (t = 1). It is monotone by construction in every kind, from its lower
/// end to its higher; a training whose ends cross, under <see cref="LearnedJointly"/>, is stopped.
/// </summary>
public enum NoiseScheduleKind
{
    /// <summary>
    /// A small network with positive weights between two fixed ends. Under <see cref="LossWeighting.Uniform"/> and
    /// <see cref="LossWeighting.SnrDerivative"/> the expected loss does not depend on what lies between the ends (but for what the denoiser
    /// makes of t itself), so the network is trained to lower the loss's variance (Kingma et al. 2021, arXiv 2107.00630, section 5.1).
    /// </summary>
    Learned,

    /// <summary>
    /// The same network, its ends trainable too, all trained by the loss itself, as the paper (appendix B) and the JAX reference do. Needs
    /// <see cref="LossWeighting.SnrDerivative"/>; only with <see cref="DenoisingLoss.SquaredError"/> and <see cref="PriorLoss.ExactKl"/>
    /// is the loss then a bound.
    /// </summary>
    LearnedJointly,

    /// <summary>A straight line in log signal-to-noise ratio, nothing to train.</summary>
    LinearLogSnr,

    /// <summary>
    /// ᾱ along the cosine of Nichol and Dhariwal (2021, arXiv 2102.09672), squeezed between the two ends rather than clipped at them, so
    /// that it rises everywhere; nothing to train.
    /// </summary>
    Cosine,
}
