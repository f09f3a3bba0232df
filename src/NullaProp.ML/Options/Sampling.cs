using System.ComponentModel.DataAnnotations;

namespace NullaProp.ML;

/// <summary>
/// How a trained model scores. A value that may be changed after training, by <see cref="NoPropTransformer.WithSampling"/>.
/// </summary>
/// <remarks>
/// What a variant has no use for stays at its default; a change of it is refused. The blocks of <see cref="DiscreteTime"/> each take one
/// exact step, so that it knows no solver; <see cref="FlowMatching"/> follows its velocity, so that it knows no other dynamics;
/// <see cref="CrossEntropyBaseline"/> evaluates once.
/// </remarks>
public sealed record Sampling
{
    /// <summary>Gets the differential equation that scoring integrates.</summary>
    /// <value>Default <see cref="FlowDynamics.ProbabilityFlow"/>.</value>
    public FlowDynamics Dynamics { get; init; } = FlowDynamics.ProbabilityFlow;

    /// <summary>Gets the method that integrates it.</summary>
    /// <value>Default <see cref="OdeSolver.Heun"/>.</value>
    public OdeSolver Solver { get; init; } = OdeSolver.Heun;

    /// <summary>
    /// Gets the number T of equal steps in t from noise to label; with <see cref="OdeSolver.Adaptive"/> the most steps, and where the
    /// tolerance asks for more it gives way:
    /// set 16 or more there.
    /// </summary>
    /// <value>
    /// Default 2, which with Heun is 4 evaluations (docs/decisions.md: more change nothing in accuracy and cost calibration); 1 to 10,000.
    /// </value>
    [Range(1, 10_000)]
    public int SolverSteps { get; init; } = 2;

    /// <summary>
    /// Gets how far a step of <see cref="OdeSolver.Adaptive"/> may miss with an ideal network, as a distance of z, in which one-hot labels
    /// are √2 apart.
    /// </summary>
    /// <value>Default 0.1, for which ten classes and the default dynamics take 6 to 10 evaluations; 0.0001 to 1.</value>
    [Range(1e-4, 1.0)]
    public double SolverTolerance { get; init; } = 0.1;

    /// <summary>Gets which class probabilities become the score.</summary>
    /// <value>Default <see cref="ScoreReadout.PathMean"/>.</value>
    public ScoreReadout ScoreReadout { get; init; } = ScoreReadout.PathMean;

    /// <summary>Gets the highest ln(ᾱ/(1−ᾱ)) at which an evaluation counts under <see cref="ScoreReadout.NoisyPathMean"/>.</summary>
    /// <value>Default −1; −20 to 20. The first evaluation counts always.</value>
    [Range(-20.0, 20.0)]
    public double ReadoutMaxLogSnr { get; init; } = -1;

    /// <summary>Gets whether an image leaves once its class is decided.</summary>
    /// <value>Default <see cref="EarlyExit.Never"/>.</value>
    public EarlyExit EarlyExit { get; init; } = EarlyExit.Never;

    /// <summary>
    /// Gets the number of random starts, stored with the model, whose probabilities are averaged. 0 starts once, from the prior's mean z₀ =
    /// 0. The time to score grows with it.
    /// </summary>
    /// <value>Default 0; 0 to 1,024.</value>
    [Range(0, 1_024)]
    public int Draws { get; init; }

    /// <summary>
    /// Gets the output column of the Shannon entropy −Σ p·ln p of the class probabilities, one <see cref="float"/>: nats, from 0 where a
    /// class is certain to ln K where all are alike. Reject images above a threshold.
    /// </summary>
    /// <value>Default <see langword="null"/>: no such column.</value>
    public string? EntropyColumnName { get; init; }

    /// <summary>
    /// Gets the output column of the share of <see cref="Draws"/> whose own most probable class is not the predicted one, one
    /// <see cref="float"/> from 0 to 1. Reject images above a threshold. Needs two draws or more.
    /// </summary>
    /// <value>Default <see langword="null"/>: no such column.</value>
    public string? DisagreementColumnName { get; init; }
}

/// <summary>The differential equation that carries the start z₀ to a label, given the network's prediction û.</summary>
public enum FlowDynamics
{
    /// <summary>dz/dt = ᾱ′/(2ᾱ(1−ᾱ))·(√ᾱ·û − ᾱ·z): the probability flow of the noising that training uses.</summary>
    ProbabilityFlow,

    /// <summary>
    /// dz/dt = (û − z)/(1−ᾱ), the form of the JAX reference. It is no probability flow of its training process, and stiff: with few steps
    /// it can blow up.
    /// </summary>
    SimplifiedFlow,

    /// <summary>
    /// dz/dt = ᾱ′/(ᾱ(1−ᾱ))·(√ᾱ·û − ½(1+ᾱ)·z): the drift of the reverse diffusion with its noise left out, as the JAX reference has it under
    /// <c>fix=True</c>. Mode-seeking: all draws run to the likeliest class, so that they tell nothing of uncertainty.
    /// </summary>
    ReverseDrift,

    /// <summary>
    /// The reverse diffusion with its noise: z₁ = a·û + b·z₀ + √c·ε, eq. (3) of the paper. As the probability flow, it turns draws into
    /// labels as often as they are true. Needs <see cref="OdeSolver.ExponentialEuler"/> and <see cref="Sampling.Draws"/> of 1 or more.
    /// </summary>
    Ancestral,
}

/// <summary>How the differential equation is stepped from t = 0 to t = 1.</summary>
public enum OdeSolver
{
    /// <summary>One evaluation a step, order 1.</summary>
    Euler,

    /// <summary>Two evaluations a step (the explicit trapezoidal rule), order 2.</summary>
    Heun,

    /// <summary>
    /// One evaluation a step, order 1, exact where the prediction does not change: with <see cref="FlowDynamics.ProbabilityFlow"/> this is
    /// DDIM. Never unstable.
    /// </summary>
    ExponentialEuler,

    /// <summary>Two evaluations a step, order 2, exact where the prediction changes linearly (ETD2RK). Never unstable.</summary>
    ExponentialHeun,

    /// <summary>
    /// One evaluation a step, order 2: carries the prediction on from the step before. With <see cref="FlowDynamics.ProbabilityFlow"/> this
    /// is DPM-Solver++(2M). Never unstable.
    /// </summary>
    Multistep,

    /// <summary>
    /// <see cref="Multistep"/> over steps of unequal length, chosen so that none misses by more than <see cref="Sampling.SolverTolerance"/>
    /// with an ideal network, and at most <see cref="Sampling.SolverSteps"/> of them. Chosen once, when the model is made ready to score,
    /// never by the images.
    /// </summary>
    Adaptive,
}

/// <summary>Which of the class probabilities met on the way from noise to label become the score.</summary>
public enum ScoreReadout
{
    /// <summary>The mean over all evaluations on the way: as accurate as the last, and calibrated.</summary>
    PathMean,

    /// <summary>
    /// The prediction at the end of the way: in continuous time one more evaluation at t = 1, as the JAX reference decodes, else that of
    /// the last step. Over-confident.
    /// </summary>
    LastPrediction,

    /// <summary>
    /// The first prediction, at pure noise, with no way at all: what an ordinary classifier does. One evaluation; in discrete time that of
    /// the first block.
    /// </summary>
    FirstPrediction,

    /// <summary>
    /// The mean over those evaluations on the way whose noisy label is at or below <see cref="Sampling.ReadoutMaxLogSnr"/>: those that need
    /// the image.
    /// </summary>
    NoisyPathMean,

    /// <summary>What the state at the end of the way says by itself, without the image, as the paper decodes. Over-confident.</summary>
    LastState,
}

/// <summary>Whether scoring an image may end before the plan does.</summary>
public enum EarlyExit
{
    /// <summary>Every image goes the whole way.</summary>
    Never,

    /// <summary>
    /// An image leaves once the evaluations that are left, whatever they gave, could not change its class. Where the score is a mean over
    /// evaluations (<see cref="ScoreReadout.PathMean"/>, <see cref="ScoreReadout.NoisyPathMean"/>), that is when the best class leads by
    /// more than their share; its probabilities are the mean of those evaluated. Where it is the <see cref="ScoreReadout.LastState"/> of
    /// one start, that is when no predictions could carry the state to another class; its probabilities are those of the last prediction
    /// held to the end. Neither can a last prediction be told before it is made, nor a velocity be bounded: there each start goes its whole
    /// way, and an image leaves between two of them at most.
    /// </summary>
    WhenClassIsDecided,
}
