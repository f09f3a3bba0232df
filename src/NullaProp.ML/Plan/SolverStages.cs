using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Plan;

/// <summary>
/// The methods that step a differential equation, each written as the stages of one step. û₀ is the prediction at the step's start, û₁
/// that at its end.
/// </summary>
/// <param name="dynamics">The differential equation.</param>
internal sealed class SolverStages(Dynamics dynamics)
{
    /// <summary>Returns the stages of one step of a grid.</summary>
    /// <param name="solver">The method.</param>
    /// <param name="grid">The levels between which the steps lie.</param>
    /// <param name="step">Which step, 0 or more.</param>
    public IEnumerable<SamplingStage> Of(OdeSolver solver, IReadOnlyList<NoiseLevel> grid, int step) => solver switch
    {
        OdeSolver.Euler => Euler(grid[step], grid[step + 1]),
        OdeSolver.Heun => Heun(grid[step], grid[step + 1]),
        OdeSolver.ExponentialEuler => [ExponentialEuler(grid[step], grid[step + 1])],
        OdeSolver.ExponentialHeun => ExponentialHeun(grid[step], grid[step + 1]),
        OdeSolver.Multistep or OdeSolver.Adaptive => [Multistep(step == 0 ? null : grid[step - 1], grid[step], grid[step + 1])],
        _ => throw new ArgumentOutOfRangeException(nameof(solver), solver, "No such solver."),
    };

    /// <summary>Returns the step that holds û₀: the exact solution while û does not change, with the noise of a random way.</summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public SamplingStage ExponentialEuler(NoiseLevel from, NoiseLevel to)
    {
        var transition = dynamics.Transition(from, to);
        return new()
        {
            Time = from.Time,
            State = transition.State,
            Prediction = transition.Prediction,
            Noise = dynamics.NoiseScale(from, to),
            EndsStep = true,
        };
    }

    /// <summary>
    /// Returns the step that holds û₀ + ½·Δτ₁/Δτ₀·(û₀ − û₋₁), the prediction carried on to the middle of the step; Δτ is
    /// <see cref="Dynamics.Elapsed"/>. With the probability flow this is DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm
    /// 2). The first step has nothing to carry on from and holds û₀.
    /// </summary>
    /// <param name="before">The level at the start of the step before, or <see langword="null"/> for the first step.</param>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public SamplingStage Multistep(NoiseLevel? before, NoiseLevel from, NoiseLevel to)
    {
        var held = ExponentialEuler(from, to);
        var elapsedBefore = before is { } start ? dynamics.Elapsed(start, from) : 0;
        if (elapsedBefore <= 0)
        {
            return held; // a learned schedule may stand still for a step, in single precision
        }

        var forward = dynamics.Elapsed(from, to) / elapsedBefore / 2;
        return held with { Prediction = held.Prediction * (1 + forward), PreviousPrediction = -held.Prediction * forward };
    }

    // z₁ = z₀ + h·f(z₀, û₀)
    private IEnumerable<SamplingStage> Euler(NoiseLevel from, NoiseLevel to)
    {
        var h = to.Time - from.Time;
        var rate = dynamics.Rate(from);
        yield return new() { Time = from.Time, State = 1 + (h * rate.State), Prediction = h * rate.Prediction, EndsStep = true };
    }

    // Trial z̃ = z₀ + h·f(z₀, û₀), then z₁ = z₀ + ½h·(f(z₀, û₀) + f(z̃, û₁)), with z̃ written out in z₀ and û₀.
    private IEnumerable<SamplingStage> Heun(NoiseLevel from, NoiseLevel to)
    {
        var h = to.Time - from.Time;
        var (first, second) = (dynamics.Rate(from), dynamics.Rate(to));
        var (trialState, trialPrediction) = (1 + (h * first.State), h * first.Prediction);
        yield return new() { Time = from.Time, State = trialState, Prediction = trialPrediction };
        yield return new()
        {
            Time = to.Time,
            State = 1 + (h / 2 * (first.State + (second.State * trialState))),
            Prediction = h / 2 * second.Prediction,
            PreviousPrediction = h / 2 * (first.Prediction + (second.State * trialPrediction)),
            EndsStep = true,
        };
    }

    // Trial z̃ holds û₀; then the exact solution while û goes linearly from û₀ to û₁ (ETD2RK of Cox and Matthews 2002, doi
    // 10.1006/jcph.2002.6995, eq. 20 to 22).
    private IEnumerable<SamplingStage> ExponentialHeun(NoiseLevel from, NoiseLevel to)
    {
        var (transition, ramp) = (dynamics.Transition(from, to), dynamics.Ramp(from, to));
        yield return new() { Time = from.Time, State = transition.State, Prediction = transition.Prediction };
        yield return new()
        {
            Time = to.Time,
            State = transition.State,
            Prediction = ramp,
            PreviousPrediction = transition.Prediction - ramp,
            EndsStep = true,
        };
    }
}
