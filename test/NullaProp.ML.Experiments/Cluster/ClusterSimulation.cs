namespace NullaProp.ML.Experiments.Cluster;

/// <summary>
/// A long training on workers that get lost, each at the same rate whatever it does, and are replaced after a while: as blocks apart, and
/// by synchronous data parallelism, in which all workers take every step together.
/// </summary>
/// <param name="Blocks">The number of blocks.</param>
/// <param name="BlockSeconds">The time that a worker takes for one.</param>
/// <param name="Epochs">The epochs of a block, with a checkpoint after each.</param>
/// <param name="CheckpointSeconds">What a checkpoint of a block costs.</param>
/// <param name="RestartSeconds">How long a lost worker is away.</param>
/// <param name="LossPerHour">The probability that a worker is lost within an hour.</param>
internal sealed record ClusterSimulation(
    int Blocks, double BlockSeconds, int Epochs, double CheckpointSeconds, double RestartSeconds, double LossPerHour)
{
    private const double SecondsOfAnHour = 3_600;

    // Of one worker: p = 1 − e^(−λ·1 h).
    private double LossRate => -Math.Log(1 - LossPerHour) / SecondsOfAnHour;

    /// <summary>Runs blocks apart once. A block of a lost worker is taken up at its last checkpoint, by whoever is free.</summary>
    /// <param name="workers">The number of workers.</param>
    /// <param name="random">Draws the losses.</param>
    /// <returns>The seconds until the last block is trained, and the worker-seconds of work done twice.</returns>
    public (double Seconds, double Lost) Apart(int workers, Random random)
    {
        var free = new PriorityQueue<int, double>(Enumerable.Range(0, workers).Select(worker => (worker, 0.0)));
        var waiting = new PriorityQueue<int, double>(Enumerable.Repeat((Epochs, 0.0), Blocks)); // epochs left, since when
        var (end, lost, epoch) = (0.0, 0.0, (BlockSeconds / Epochs) + CheckpointSeconds);
        while (waiting.TryDequeue(out var epochs, out var since))
        {
            free.TryDequeue(out var worker, out var start);
            start = Math.Max(start, since);
            var (needed, life) = (epochs * epoch, Exponential(random, LossRate));
            if (life >= needed)
            {
                free.Enqueue(worker, start + needed);
                end = Math.Max(end, start + needed);
                continue;
            }

            var done = (int)(life / epoch);
            lost += life - (done * epoch);
            waiting.Enqueue(epochs - done, start + life);
            free.Enqueue(worker, start + life + RestartSeconds);
        }

        return (end, lost);
    }

    /// <summary>
    /// Runs synchronous data parallelism once: the loss of any worker sends all back to the last checkpoint, and they wait for the new one.
    /// </summary>
    /// <param name="workers">The number of workers.</param>
    /// <param name="efficiency">The share of their time that is not spent on exchanging gradients.</param>
    /// <param name="random">Draws the losses.</param>
    /// <returns>The seconds until the end, and the worker-seconds of work done twice.</returns>
    public (double Seconds, double Lost) Together(int workers, double efficiency, Random random)
    {
        var (rate, work) = (workers * LossRate, Work(workers, efficiency));
        var (interval, cost) = Checkpoints(workers);
        var (now, lost) = (0.0, 0.0);
        while (work > 0)
        {
            var step = Math.Min(interval, work);
            var life = Exponential(random, rate);
            if (life >= step + cost)
            {
                (now, work) = (now + step + cost, work - step);
                continue;
            }

            lost += life * workers;
            now += life + Restart(rate, random);
        }

        return (now, lost);
    }

    /// <summary>
    /// Returns the expected seconds of <see cref="Together"/> by the published model: Daly 2006, "A higher order estimate of the optimum
    /// checkpoint interval for restart dumps", T = M·e^(R/M)·(e^((τ+δ)/M) − 1)·W/τ.
    /// </summary>
    /// <param name="workers">The number of workers.</param>
    /// <param name="efficiency">The share of their time that is not spent on exchanging gradients.</param>
    public double Daly(int workers, double efficiency)
    {
        var mean = 1 / (workers * LossRate); // M
        var (interval, cost) = Checkpoints(workers);
        return mean * Math.Exp(RestartSeconds / mean) * (Math.Exp((interval + cost) / mean) - 1) * Work(workers, efficiency) / interval;
    }

    private static double Exponential(Random random, double rate) => -Math.Log(1 - random.NextDouble()) / rate;

    private double Work(int workers, double efficiency) => Blocks * BlockSeconds / (workers * efficiency);

    // Each worker writes its share of the model, as often as is best: Young 1974, τ = √(2δM).
    private (double Interval, double Cost) Checkpoints(int workers)
    {
        var cost = CheckpointSeconds * Blocks / workers;
        return (Math.Sqrt(2 * cost / (workers * LossRate)), cost);
    }

    // A loss while they wait makes them wait anew.
    private double Restart(double rate, Random random)
    {
        var waited = 0.0;
        for (var life = Exponential(random, rate); life < RestartSeconds; life = Exponential(random, rate))
        {
            waited += life;
        }

        return waited + RestartSeconds;
    }
}
