namespace NullaProp.ML;

/// <summary>How the differential equation is stepped from t = 0 to t = 1.</summary>
public enum OdeSolver
{
    /// <summary>One evaluation a step, order 1.</summary>
    Euler,

    /// <summary>Two evaluations a step (the explicit trapezoidal rule), order 2.</summary>
    Heun,

    /// <summary>One evaluation a step, order 1, exact where the prediction does not change: with <see cref="FlowDynamics.ProbabilityFlow"/> this is DDIM. Never unstable.</summary>
    ExponentialEuler,

    /// <summary>Two evaluations a step, order 2, exact where the prediction changes linearly (ETD2RK). Never unstable.</summary>
    ExponentialHeun,

    /// <summary>
    /// One evaluation a step, order 2: carries the prediction on from the step before. With <see cref="FlowDynamics.ProbabilityFlow"/> this is DPM-Solver++(2M). Never unstable.
    /// </summary>
    Multistep,

    /// <summary>
    /// <see cref="Multistep"/> over steps of unequal length, chosen so that none misses by more than <see cref="NoPropOptions.SolverTolerance"/> with an ideal network, and at
    /// most <see cref="NoPropOptions.SolverSteps"/> of them. Chosen once, when the model is made ready to score, never by the images.
    /// </summary>
    Adaptive,
}
