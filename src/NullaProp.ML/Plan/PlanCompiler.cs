using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Plan;

/// <summary>Turns dynamics, solver and time grid into a <see cref="SamplingPlan"/>.</summary>
/// <param name="dynamics">The differential equation.</param>
/// <param name="levels">The noise level at given times.</param>
/// <param name="classes">K, the number of classes, by which a solver that chooses its steps judges them.</param>
internal sealed class PlanCompiler(Dynamics dynamics, Func<IReadOnlyList<double>, IReadOnlyList<NoiseLevel>> levels, int classes)
{
    /// <summary>Compiles the plan by which a model scores.</summary>
    /// <param name="model">The model, for its noise schedule and number of classes.</param>
    /// <param name="options">Its variant, and how to score.</param>
    public static SamplingPlan For(Denoiser model, NoPropOptions options) =>
        options.Variant.Plan(model, model.Schedule, options.Sampling) with { EarlyExit = options.Sampling.EarlyExit };

    /// <summary>
    /// Compiles a plan of the same number of stages, or of the most where the solver or the schedule decides, for a model whose weights
    /// are still to come: along a straight schedule.
    /// </summary>
    /// <param name="model">The model, for its number of classes.</param>
    /// <param name="options">Its variant, and how to score.</param>
    public static SamplingPlan Outline(Denoiser model, NoPropOptions options)
    {
        var sampling = options.Sampling;
        var solver = sampling.Solver == OdeSolver.Adaptive ? OdeSolver.Multistep : sampling.Solver;
        var whole = sampling.ScoreReadout == ScoreReadout.NoisyPathMean ? ScoreReadout.PathMean : sampling.ScoreReadout;
        return options.Variant.Plan(
            model,
            new LinearNoiseSchedule(logSnrAtNoise: -1, logSnrAtLabel: 1),
            sampling with { Solver = solver, ScoreReadout = whole });
    }

    /// <summary>Compiles a plan.</summary>
    /// <param name="sampling">Solver, steps, tolerance and read-out.</param>
    /// <param name="last">What the prediction at the end of the way is.</param>
    public SamplingPlan Compile(Sampling sampling, LastEvaluation last)
    {
        if (sampling.ScoreReadout == ScoreReadout.FirstPrediction)
        {
            return SamplingPlan.SingleEvaluation;
        }

        var stages = Steps(sampling.Solver, sampling.SolverSteps, sampling.SolverTolerance).ToList();
        var logSnr = levels([.. stages.Select(stage => stage.Time)]).Select(level => level.LogSnr);
        return new ScoreShares(sampling, last).Assign(stages, [.. logSnr]);
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

    private IReadOnlyList<NoiseLevel> Even(int steps) => levels([.. Enumerable.Range(0, steps + 1).Select(i => (double)i / steps)]);
}

/// <summary>Decides how much each evaluation counts in the score.</summary>
/// <param name="sampling">The read-out.</param>
/// <param name="last">What the prediction at the end of the way is.</param>
internal sealed class ScoreShares(Sampling sampling, LastEvaluation last)
{
    /// <summary>Makes a plan of the stages of a solver.</summary>
    /// <param name="stages">The stages, at least one.</param>
    /// <param name="logSnr">λ at which each evaluates.</param>
    public SamplingPlan Assign(IReadOnlyList<SamplingStage> stages, IReadOnlyList<double> logSnr) => sampling.ScoreReadout switch
    {
        ScoreReadout.PathMean => Mean(stages, _ => true),
        // Where the way ends depends on a schedule that may be trained: what is stored serves the whole of it.
        ScoreReadout.NoisyPathMean => Mean(stages, i => i == 0 || logSnr[i] <= sampling.ReadoutMaxLogSnr) with
        {
            StoredNoises = stages.Count(stage => stage.Noise != 0),
        },
        ScoreReadout.LastState => new(stages) { StateShare = 1 },
        ScoreReadout.LastPrediction when last == LastEvaluation.AtLabel =>
            new([.. stages, new SamplingStage { Time = 1, ScoreShare = 1 }]),
        ScoreReadout.LastPrediction => Mean(stages, i => i == stages.Count - 1),
        ScoreReadout.FirstPrediction => Mean(stages, i => i == 0),
        _ => throw new ArgumentOutOfRangeException(nameof(stages), sampling.ScoreReadout, "No such read-out."),
    };

    // What follows the last stage that counts is not evaluated.
    private static SamplingPlan Mean(IReadOnlyList<SamplingStage> stages, Func<int, bool> counts)
    {
        var counted = Enumerable.Range(0, stages.Count).Where(counts).ToHashSet();
        var end = counted.Max() + 1;
        var shared = stages.Take(end).Select((stage, i) => stage with { ScoreShare = counted.Contains(i) ? 1.0 / counted.Count : 0 });
        return new([.. shared]) { EndTime = end < stages.Count ? stages[end].Time : 1 };
    }
}

/// <summary>What the prediction at the end of a way is.</summary>
internal enum LastEvaluation
{
    /// <summary>That of the last step.</summary>
    OfLastStep,

    /// <summary>One more, at t = 1.</summary>
    AtLabel,
}
