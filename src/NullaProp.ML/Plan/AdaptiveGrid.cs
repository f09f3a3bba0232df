using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Plan;

/// <summary>
/// Chooses the times of a plan so that no step misses by more than a tolerance, judged once by an <see cref="IdealNetwork"/> for several
/// images and starts when the plan is compiled. A batch has no part in it: the times depend on schedule, dynamics, number of classes and
/// tolerance alone.
/// </summary>
/// <remarks>
/// A step's error is estimated from the prediction at its own end, which costs nothing here. The change over the step before, which a
/// solver of real networks has to go by (Lu et al. 2022), is 0 where the way is still noise, and leaps over what follows.
/// </remarks>
/// <param name="dynamics">The differential equation.</param>
/// <param name="levels">The noise levels at the times 0, 1/1024, …, 1, between which steps are chosen.</param>
/// <param name="classes">K, the number of classes, 2 or more.</param>
internal sealed class AdaptiveGrid(Dynamics dynamics, IReadOnlyList<NoiseLevel> levels, int classes)
{
    /// <summary>The number of steps where all are as short as possible.</summary>
    public const int Finest = 1024;

    private const int MostClasses = 10;
    private const int Starts = 3;
    private const int Seed = 20250328;
    private const double Safety = 0.9;
    private const double MostGrowth = 5;
    private const double MostShrinkage = 0.2;
    private const double Loosening = 1.2;

    private readonly SolverStages _stages = new(dynamics);

    /// <summary>
    /// Returns the levels of the steps: as many as the tolerance asks for; where that is too many, the tolerance gives way.
    /// </summary>
    /// <param name="tolerance">The largest error of a step, above 0.</param>
    /// <param name="steps">The most steps, 1 or more.</param>
    public IReadOnlyList<NoiseLevel> Within(double tolerance, int steps)
    {
        var grid = Follow(tolerance, steps);
        while (grid[^1].Time < 1)
        {
            tolerance *= Loosening;
            grid = Follow(tolerance, steps);
        }

        return grid;
    }

    // Stops short of t = 1 where the steps do not suffice.
    private List<NoiseLevel> Follow(double tolerance, int steps)
    {
        var trials = Trials();
        List<NoiseLevel> grid = [levels[0]];
        var (position, length) = (0, Finest);
        while (position < Finest && grid.Count <= steps)
        {
            trials.ForEach(trial => trial.Evaluate(levels[position]));
            length = Fitting(length, Finest - position);
            var (stage, error) = Try(trials, grid, levels[position + length]);
            while (error > tolerance && length > 1)
            {
                length = Fitting((int)(length * Factor(error, tolerance)), Finest - position);
                (stage, error) = Try(trials, grid, levels[position + length]);
            }

            trials.ForEach(trial => trial.Take(stage));
            position += length;
            grid.Add(levels[position]);
            length = (int)(length * Factor(error, tolerance));
        }

        return grid;
    }

    // The step and the largest error of a trial in it.
    private (SamplingStage Stage, double Error) Try(List<Trial> trials, List<NoiseLevel> grid, NoiseLevel to)
    {
        var stage = _stages.Multistep(grid.Count == 1 ? null : grid[^2], grid[^1], to);
        var ramp = dynamics.Ramp(grid[^1], to);
        return (stage, trials.Max(trial => trial.Error(stage, to, ramp)));
    }

    // The error of a held prediction grows with the square of the step.
    private static double Factor(double error, double tolerance) =>
        Math.Clamp(Safety * Math.Sqrt(tolerance / error), MostShrinkage, MostGrowth);

    // No longer than what is left, and two equal steps rather than a long and a very short one.
    private static int Fitting(int length, int left) => length >= left ? left : 2 * length > left ? (left + 1) / 2 : Math.Max(1, length);

    private List<Trial> Trials()
    {
        var count = Math.Min(classes, MostClasses);
        IEnumerable<Func<int, double>> shapes =
        [
            k => 1 + (0.1 * k), // nearly even
            k => Math.Pow(0.5, k), // skewed
            k => k == 0 ? 0.99 : 0.01 / (count - 1), // nearly certain
        ];
        var random = new Random(Seed);
        var networks = shapes.Select(shape => new IdealNetwork(dynamics, Normalized([.. Enumerable.Range(0, count).Select(shape)])));
        return
        [
            .. from network in networks
               from start in Enumerable.Range(0, Starts + 1)
               select new Trial(network, Point(start, count, random)),
        ];
    }

    // The prior's mean, then draws.
    private static double[] Point(int number, int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(_ => number == 0 ? 0 : Normal(random))];

    private static double[] Normalized(double[] weights) => [.. weights.Select(weight => weight / weights.Sum())];

    // Box and Muller.
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    // A way of the ideal network, which can look at a step before it takes it.
    private sealed class Trial(IdealNetwork network, double[] start)
    {
        private readonly DoubleRegisters _way = new(start);

        public void Evaluate(NoiseLevel level) => _way[Register.Prediction] = network.Predict(_way[Register.State], level);

        // How much a step would miss if it held its prediction: Ramp·‖û₁ − û₀‖, with û₁ evaluated at the step's end.
        public double Error(SamplingStage stage, NoiseLevel to, double ramp)
        {
            PlanInterpreter.Step(_way, stage);
            var end = network.Predict(_way[Register.Point], to);
            return ramp * Math.Sqrt(end.Zip(_way[Register.Prediction], (a, b) => (a - b) * (a - b)).Sum());
        }

        public void Take(SamplingStage stage)
        {
            PlanInterpreter.Step(_way, stage);
            PlanInterpreter.Arrive(_way, stage);
        }
    }
}

/// <summary>
/// The ideal network for an image of known p(y|x): with one-hot labels û = softmax(ln p(y|x) + a/σ²·z), by Bayes' rule, where z = a·u +
/// σ·ε. It shows how a plan errs, whatever the network.
/// </summary>
/// <param name="dynamics">The differential equation, for what a network predicts.</param>
/// <param name="prior">p(y|x), each above 0.</param>
internal sealed class IdealNetwork(Dynamics dynamics, IReadOnlyList<double> prior)
{
    private readonly double[] _logPrior = [.. prior.Select(p => Math.Log(p))];

    /// <summary>Returns what it predicts.</summary>
    /// <param name="z">The noisy label.</param>
    /// <param name="level">Its noise level.</param>
    public double[] Predict(double[] z, NoiseLevel level)
    {
        var (signal, noise) = dynamics.Mixture(level);
        var logits = z.Select((x, i) => _logPrior[i] + (signal / noise / noise * x)).ToArray();
        var largest = logits.Max();
        var powers = logits.Select(x => Math.Exp(x - largest)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select((power, i) => dynamics.Target(level, power / sum, z[i]))];
    }
}

/// <summary>
/// One way from noise to label in plain double arithmetic, with z itself in the registers and any function in place of the network.
/// </summary>
/// <param name="start">z₀.</param>
internal sealed class DoubleRegisters(double[] start) : IPlanRegisters
{
    private readonly Dictionary<Register, double[]> _values = new()
    {
        [Register.State] = start,
        [Register.Point] = start,
        [Register.Prediction] = new double[start.Length],
    };

    /// <summary>Gets or sets a register; nobody changes its numbers.</summary>
    /// <param name="register">Which.</param>
    public double[] this[Register register]
    {
        get => _values[register];
        set => _values[register] = value;
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source) => this[target] = [.. this[source].Select(x => factor * x)];

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source) =>
        this[target] = [.. this[target].Zip(this[source], (sum, x) => sum + (factor * x))];

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => this[target] = this[source];
}
