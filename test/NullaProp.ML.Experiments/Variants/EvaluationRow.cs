namespace NullaProp.ML.Experiments.Variants;

/// <summary>The accuracy of one trained model by one solver with so many evaluations.</summary>
internal sealed record EvaluationRow : IStudyRow
{
    public required string Training { get; init; }

    public required FlowDynamics Dynamics { get; init; }

    public required OdeSolver Solver { get; init; }

    /// <summary>
    /// Gets the evaluations of the network on the way from noise to label; the read-out of the last prediction takes one more.
    /// </summary>
    public required int Evaluations { get; init; }

    public required double MicroAccuracy { get; init; }

    public required int TrainRows { get; init; }

    public required int TestRows { get; init; }

    public required int Epochs { get; init; }

    public required int Seed { get; init; }

    public required int Threads { get; init; }

    public required TestPart TestPart { get; init; }

    string IStudyRow.Name => Training;

    object IResultRow.Measured => (Training, Dynamics, Solver, Evaluations, TrainRows, Epochs, (Seed, Threads, TestPart));
}
