namespace NullaProp.ML.Experiments.Cluster;

/// <summary>What many simulated trainings of one kind took.</summary>
/// <param name="Road">How the work was shared.</param>
/// <param name="Workers">The number of workers.</param>
/// <param name="Runs">The number of trainings.</param>
/// <param name="Hours">Their mean time.</param>
/// <param name="Hours5">A twentieth of them took less.</param>
/// <param name="Hours95">A twentieth of them took more.</param>
/// <param name="SpeedUp">The time of a single worker that is never lost, by the mean time.</param>
/// <param name="HoursOfWorkLost">The mean worker-hours of work that was done twice.</param>
/// <param name="HoursByDaly">What the published model expects; <see langword="null"/> for blocks apart.</param>
/// <param name="HoursOfABlock">The time of a block on a worker that is never lost.</param>
internal sealed record ClusterRow(
    string Road,
    int Workers,
    int Runs,
    double Hours,
    double Hours5,
    double Hours95,
    double SpeedUp,
    double HoursOfWorkLost,
    double? HoursByDaly,
    double HoursOfABlock) : IResultRow
{
    private const double SecondsOfAnHour = 3_600;

    object IResultRow.Measured => (Road, Workers);

    /// <summary>Simulates trainings.</summary>
    /// <param name="road">How the work is shared.</param>
    /// <param name="simulation">The work.</param>
    /// <param name="workers">The number of workers.</param>
    /// <param name="runs">The number of trainings.</param>
    /// <param name="seed">Decides who is lost when.</param>
    /// <param name="train">Runs one training: its seconds, and the worker-seconds of work lost.</param>
    /// <param name="hoursByDaly">What the published model expects.</param>
    public static ClusterRow Of(
        string road,
        ClusterSimulation simulation,
        int workers,
        int runs,
        int seed,
        Func<Random, (double Seconds, double Lost)> train,
        double? hoursByDaly)
    {
        var random = new Random(seed);
        var trainings = Enumerable.Range(0, runs).Select(_ => train(random)).OrderBy(training => training.Seconds).ToArray();
        var mean = trainings.Average(training => training.Seconds);
        return new ClusterRow(
            road,
            workers,
            runs,
            mean / SecondsOfAnHour,
            trainings[(int)(0.05 * (runs - 1))].Seconds / SecondsOfAnHour,
            trainings[(int)(0.95 * (runs - 1))].Seconds / SecondsOfAnHour,
            simulation.Blocks * simulation.BlockSeconds / mean,
            trainings.Average(training => training.Lost) / SecondsOfAnHour,
            hoursByDaly,
            simulation.BlockSeconds / SecondsOfAnHour);
    }
}
