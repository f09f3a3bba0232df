using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>Turns dynamics, solver and time grid into a <see cref="SamplingPlan"/>.</summary>
/// <param name="dynamics">The differential equation.</param>
/// <param name="levels">The noise level at given times.</param>
internal sealed class PlanCompiler(Dynamics dynamics, Func<IReadOnlyList<double>, IReadOnlyList<NoiseLevel>> levels)
{
    /// <summary>Compiles the plan by which a model scores.</summary>
    /// <param name="model">The model, for its noise schedule.</param>
    /// <param name="options">Variant, dynamics, solver, steps and read-out.</param>
    public static SamplingPlan For(Denoiser model, NoPropOptions options) => options.Variant switch
    {
        NoPropVariant.DiscreteTime => Blocks(Dynamics.Of(options.Dynamics), BlockLevels.Of(options, model.Schedule), options),
        NoPropVariant.FlowMatching => new PlanCompiler(new VelocityFlow(), StraightPath).Compile(options) with { Predicts = NetworkPrediction.Velocity },
        _ => new PlanCompiler(Dynamics.Of(options.Dynamics), model.Schedule.Levels).Compile(options),
    };

    /// <summary>Compiles the plan that the options describe.</summary>
    /// <param name="options">Solver, steps and read-out.</param>
    public SamplingPlan Compile(NoPropOptions options)
    {
        if (options.Variant == NoPropVariant.CrossEntropyBaseline || options.ScoreReadout == ScoreReadout.FirstPrediction)
        {
            return SamplingPlan.SingleEvaluation;
        }

        var stages = Steps(options.Solver, options.SolverSteps).ToList();
        var logSnr = levels([.. stages.Select(stage => stage.Time)]).Select(level => level.LogSnr);
        return new ScoreShares(options).Assign(stages, [.. logSnr]);
    }

    /// <summary>Returns the stages of equal steps in time from 0 to 1.</summary>
    /// <param name="solver">The method.</param>
    /// <param name="steps">The number of steps, 1 or more.</param>
    public IEnumerable<SamplingStage> Steps(OdeSolver solver, int steps)
    {
        var grid = levels([.. Enumerable.Range(0, steps + 1).Select(i => (double)i / steps)]);
        return Enumerable.Range(0, steps).SelectMany(i => solver switch
        {
            OdeSolver.Euler => Euler(grid[i], grid[i + 1]),
            OdeSolver.Heun => Heun(grid[i], grid[i + 1]),
            OdeSolver.ExponentialEuler => ExponentialEuler(grid[i], grid[i + 1]),
            _ => throw new ArgumentOutOfRangeException(nameof(solver), solver, "No such solver."),
        });
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

    // The exact solution while û does not change.
    private IEnumerable<SamplingStage> ExponentialEuler(NoiseLevel from, NoiseLevel to)
    {
        var transition = dynamics.Transition(from, to);
        yield return new() { Time = from.Time, State = transition.State, Prediction = transition.Prediction, Noise = dynamics.NoiseScale(from, to), EndsStep = true };
    }

    // Discrete time: each block takes the exact step between its level and the next.
    private static SamplingPlan Blocks(Dynamics dynamics, IReadOnlyList<NoiseLevel> levels, NoPropOptions options)
    {
        var compiler = new PlanCompiler(dynamics, _ => levels);
        var stages = Enumerable.Range(0, levels.Count - 1)
            .SelectMany(block => compiler.ExponentialEuler(levels[block], levels[block + 1]).Select(stage => stage with { Block = block }));
        return new ScoreShares(options).Assign([.. stages], [.. levels.Select(level => level.LogSnr)]);
    }

    // The levels of flow matching's t·u + (1−t)·z₀.
    private static IReadOnlyList<NoiseLevel> StraightPath(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, 2 * Math.Log(t / (1 - t)), 2 / (t * (1 - t))))];
}
