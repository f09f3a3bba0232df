namespace NullaProp.ML.Experiments.Variants;

/// <summary>How accuracy depends on the number of evaluations, solver by solver: the second table of docs/variants.md.</summary>
internal static class EvaluationCurves
{
    private static readonly (string Name, NoPropOptions Options)[] Trainings =
    [
        ("CT one-hot", new()),
        ("one-hot ±5, last state", new()
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LinearLogSnr, LogSnrAtNoise = -5, LogSnrAtLabel = 5 },
            Sampling = new() {
Dynamics = FlowDynamics.SimplifiedFlow,
ScoreReadout = ScoreReadout.LastState, // for one-hot embeddings the class of the largest z, as yhgon/NoProp decodes
},
        }),
    ];

    private static readonly (FlowDynamics Dynamics, OdeSolver Solver, int EvaluationsPerStep)[] Curves =
    [
        (FlowDynamics.ProbabilityFlow, OdeSolver.ExponentialEuler, 1),
        (FlowDynamics.ProbabilityFlow, OdeSolver.ExponentialHeun, 2),
        (FlowDynamics.ProbabilityFlow, OdeSolver.Multistep, 1),
        (FlowDynamics.SimplifiedFlow, OdeSolver.ExponentialEuler, 1),
        (FlowDynamics.SimplifiedFlow, OdeSolver.Heun, 2), // the JAX reference's
    ];

    private static readonly int[] Evaluations = [4, 8, 16, 30, 60, 100, 200];

    public static IEnumerable<string> Names => Trainings.Select(training => training.Name);

    /// <summary>Trains one model in this process and follows every curve.</summary>
    public static IEnumerable<EvaluationRow> Run(string name, StudySetting setting, CancellationToken cancellationToken)
    {
        var data = StudyData.Read(setting);
        var training = new NoPropMethod(Trainings.Single(training => training.Name == name).Options);
        using var model = training.Fit(data, setting.Seed, cancellationToken, out _);
        foreach (var (dynamics, solver, evaluationsPerStep) in Curves)
        {
            foreach (var evaluations in Evaluations)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scorer = model.WithSampling(sampling => sampling with
                {
                    Dynamics = dynamics,
                    Solver = solver,
                    SolverSteps = evaluations / evaluationsPerStep,
                });
                yield return new EvaluationRow
                {
                    Training = name,
                    Dynamics = dynamics,
                    Solver = solver,
                    Evaluations = evaluations,
                    MicroAccuracy = Calibration.Of(scorer.Transform(data.Test)).MicroAccuracy,
                    TrainRows = setting.TrainRows,
                    TestRows = data.TestRows,
                    Epochs = setting.Epochs,
                    Seed = setting.Seed,
                    Threads = setting.Threads,
                    TestPart = setting.TestPart,
                };
            }
        }
    }
}
