using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Plan;

/// <summary>Turns dynamics, solver and time grid into a <see cref="SamplingPlan"/>.</summary>
/// <param name="dynamics">The differential equation.</param>
/// <param name="levels">The noise level at given times.</param>
/// <param name="classes">K, the number of classes, by which a solver that chooses its steps judges them.</param>
internal sealed class PlanCompiler(Dynamics dynamics, Func<IReadOnlyList<double>, IReadOnlyList<NoiseLevel>> levels, int classes = 10)
{
    /// <summary>Compiles the plan by which a model scores.</summary>
    /// <param name="model">The model, for its noise schedule and number of classes.</param>
    /// <param name="options">Variant, dynamics, solver, steps, tolerance and read-out.</param>
    public static SamplingPlan For(Denoiser model, NoPropOptions options) =>
        Way(model, model.Schedule, options) with { EarlyExit = options.EarlyExit };

    /// <summary>Compiles a plan of the same number of stages, or of the most where the solver chooses, for a model whose weights are
    /// still to come: along a straight schedule.</summary>
    /// <param name="model">The model, for its number of classes.</param>
    /// <param name="options">Variant, dynamics, solver, steps and read-out.</param>
    public static SamplingPlan Outline(Denoiser model, NoPropOptions options) => Way(
        model,
        new LinearNoiseSchedule(options.LogSnrAtNoise, options.LogSnrAtLabel),
        options with { Solver = options.Solver == OdeSolver.Adaptive ? OdeSolver.Multistep : options.Solver });

    /// <summary>Compiles the plan that the options describe.</summary>
    /// <param name="options">Solver, steps, tolerance and read-out.</param>
    public SamplingPlan Compile(NoPropOptions options)
    {
        if (options.Variant == NoPropVariant.CrossEntropyBaseline || options.ScoreReadout == ScoreReadout.FirstPrediction)
        {
            return SamplingPlan.SingleEvaluation;
        }

        var stages = Steps(options.Solver, options.SolverSteps, options.SolverTolerance).ToList();
        var logSnr = levels([.. stages.Select(stage => stage.Time)]).Select(level => level.LogSnr);
        return new ScoreShares(options).Assign(stages, [.. logSnr]);
    }

    /// <summary>Returns the stages of the steps from 0 to 1: equal ones in time, unless the solver chooses its own.</summary>
    /// <param name="solver">The method.</param>
    /// <param name="steps">The number of steps, or the most of them where the solver chooses, 1 or more.</param>
    /// <param name="tolerance">The largest error of a step where the solver chooses.</param>
    public IEnumerable<SamplingStage> Steps(OdeSolver solver, int steps, double tolerance = 0.1)
    {
        var grid = solver == OdeSolver.Adaptive
            ? new AdaptiveGrid(dynamics, Even(AdaptiveGrid.Finest), classes).Within(tolerance, steps)
            : Even(steps);
        var stages = new SolverStages(dynamics);
        return Enumerable.Range(0, grid.Count - 1).SelectMany(step => stages.Of(solver, grid, step));
    }

    private static SamplingPlan Way(Denoiser model, NoiseSchedule schedule, NoPropOptions options) => options.Variant switch
    {
        NoPropVariant.DiscreteTime => Blocks(Dynamics.Of(options.Dynamics), model.Levels, options),
        NoPropVariant.FlowMatching => Velocities(FlowMatching.Of(options.VelocityForm, model.Embedding.Directions), model.ClassCount, options),
        _ => new PlanCompiler(Dynamics.Of(options.Dynamics), schedule.Levels, model.ClassCount).Compile(options),
    };

    private IReadOnlyList<NoiseLevel> Even(int steps) => levels([.. Enumerable.Range(0, steps + 1).Select(i => (double)i / steps)]);

    // Discrete time: each block takes the exact step between its level and the next.
    private static SamplingPlan Blocks(Dynamics dynamics, IReadOnlyList<NoiseLevel> levels, NoPropOptions options)
    {
        var solver = new SolverStages(dynamics);
        var stages = Enumerable.Range(0, levels.Count - 1).Select(block => solver.ExponentialEuler(levels[block], levels[block + 1]) with { Block = block });
        return new ScoreShares(options).Assign([.. stages], [.. levels.Select(level => level.LogSnr)]);
    }

    // Flow matching: the network's output is no clean label, but stands for one together with z.
    private static SamplingPlan Velocities(FlowMatching flow, int classes, NoPropOptions options)
    {
        var plan = new PlanCompiler(flow, StraightPath, classes).Compile(options);
        return plan with { Predicts = NetworkPrediction.Velocity, Stages = [.. plan.Stages.Select(stage => stage with { CleanLabel = flow.CleanLabel(stage.Time) })] };
    }

    // The levels of flow matching's t·u + (1−t)·z₀.
    private static IReadOnlyList<NoiseLevel> StraightPath(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, 2 * Math.Log(t / (1 - t)), 2 / (t * (1 - t))))];
}
