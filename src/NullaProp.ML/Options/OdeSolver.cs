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
}
