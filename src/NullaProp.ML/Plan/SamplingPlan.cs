using System.Globalization;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>
/// Scoring as a flat list of numbers: at which times to evaluate the network, and how to go on from there. Compiled once; no solver runs
/// at scoring time, only <see cref="PlanInterpreter"/>.
/// </summary>
/// <param name="Stages">The evaluations in order, at least one.</param>
internal sealed record SamplingPlan(IReadOnlyList<SamplingStage> Stages)
{
    /// <summary>The most evaluations for one row: draws × stages.</summary>
    public const long MostEvaluations = 1_000_000;

    /// <summary>The most multiplications of these evaluations, each H·(D + K + H + 128) + 128·K: some seconds on one core.</summary>
    public const long MostMultiplications = 100_000_000_000;

    /// <summary>
    /// The most random numbers that a model stores: draws × (1 + stages that add noise) × D; 1 GiB. As many may be the same for every
    /// row: draws × stages × 2·H.
    /// </summary>
    public const long MostStoredNumbers = 1L << 28;

    private const double MostGrowth = 1e30; // of numbers in single precision, which end at 3e38

    private readonly int? _storedNoises;

    /// <summary>Gets the plan of a plain classifier: one evaluation at pure noise.</summary>
    public static SamplingPlan SingleEvaluation { get; } = new([new SamplingStage { Time = 0, ScoreShare = 1 }]);

    /// <summary>Gets what the network's output means.</summary>
    public NetworkPrediction Predicts { get; init; }

    /// <summary>
    /// Gets the share in the score of what the state after the last stage says by itself; with those of the stages it adds up to 1.
    /// </summary>
    public double StateShare { get; init; }

    /// <summary>Gets what makes probabilities of what the read-out says.</summary>
    public ReadoutLink Link { get; init; } = ReadoutLink.SoftMax;

    /// <summary>
    /// Gets by stage, and behind them for the last state, the factor of that part of the start which lies outside the span of W, where no
    /// prediction reaches it; <see langword="null"/> where it follows the plan as the rest does.
    /// </summary>
    public IReadOnlyList<double>? OutsideSpan { get; init; }

    /// <summary>Gets the time of the point behind the last stage.</summary>
    public double EndTime { get; init; } = 1;

    /// <summary>Gets a value indicating whether the last stage leads on; else it only predicts, at the end of the way.</summary>
    public bool LeadsOn => Stages[^1] is not { State: 0, Prediction: 0, Noise: 0 };

    /// <summary>Gets whether an image may leave before the end.</summary>
    public EarlyExit EarlyExit { get; init; }

    /// <summary>Gets the number of stages that add stored noise.</summary>
    public int NoiseCount => Stages.Count(stage => stage.Noise != 0);

    /// <summary>
    /// Gets the number of noises that are stored with each start: <see cref="NoiseCount"/>, or where the plan is a part of a longer way,
    /// those of the whole way, of which it takes the first.
    /// </summary>
    public int StoredNoises
    {
        get => _storedNoises ?? NoiseCount;
        init => _storedNoises = value;
    }

    /// <summary>
    /// Returns in a sentence by how much the plan is too long to score a row in seconds, or <see langword="null"/> where it is not.
    /// </summary>
    /// <param name="draws">The number of random starts, 0 for a start at the mean.</param>
    /// <param name="dimension">D, the length of z.</param>
    /// <param name="classes">K.</param>
    /// <param name="hiddenSize">H.</param>
    public string? Excess(int draws, long dimension, long classes, long hiddenSize)
    {
        var evaluations = Math.Max(1L, draws) * Stages.Count;
        var ofOne = (hiddenSize * (dimension + classes + hiddenSize + FusionHead.NarrowWidth)) + (FusionHead.NarrowWidth * classes);
        return Above("evaluations of the network", evaluations, MostEvaluations)
            ?? Above("multiplications", evaluations * ofOne, MostMultiplications)
            ?? Above("numbers that are the same for every row", 2 * evaluations * hiddenSize, MostStoredNumbers)
            ?? Above("stored random numbers", draws * (1L + StoredNoises) * dimension, MostStoredNumbers);
    }

    /// <summary>
    /// Returns in a sentence that the steps multiply the noisy label beyond all numbers, whatever the network predicts, or
    /// <see langword="null"/> where they do not: a stiff equation in steps that are too long for it.
    /// </summary>
    /// <param name="sampling">How the plan was made.</param>
    public string? Overflow(Sampling sampling)
    {
        var (state, most) = (1.0, 1.0);
        foreach (var stage in Stages)
        {
            var point = (Math.Abs(stage.State) * state) + Math.Abs(stage.Prediction) + Math.Abs(stage.PreviousPrediction)
                + Math.Abs(stage.Noise);
            (state, most) = (stage.EndsStep ? point : state, Math.Max(most, point));
        }

        return !(most >= MostGrowth) ? null : string.Create( // NaN: a schedule that fell apart is to blame
            CultureInfo.InvariantCulture,
            $"{sampling.Solver} steps multiply the noisy label by up to {most:0e0} on its way, for {sampling.SolverSteps} of them are too "
                + $"long for {sampling.Dynamics}. Take more {nameof(Sampling.SolverSteps)}, an exponential {nameof(Sampling.Solver)}, or "
                + $"{nameof(FlowDynamics)}.{nameof(FlowDynamics.ProbabilityFlow)}.");
    }

    /// <summary>Returns the same way, which ends with an evaluation and scores by what that predicts.</summary>
    /// <param name="stage">The number of the evaluation, from 0.</param>
    public SamplingPlan EndingWithPrediction(int stage) => this with
    {
        Stages = [.. Way(stage), Stages[stage] with { Noise = 0, ScoreShare = 1 }],
        StoredNoises = StoredNoises,
        StateShare = 0,
        EarlyExit = EarlyExit.Never,
    };

    /// <summary>Returns the same way, which ends before an evaluation and scores by what the noisy label says there by itself.</summary>
    /// <param name="stage">The number of the evaluation, from 0; that of all stages for the end of the way.</param>
    public SamplingPlan EndingBefore(int stage) => this with
    {
        Stages = stage > 0 ? [.. Way(stage)] : [new() { Time = 0, State = 1, EndsStep = true }], // a plan evaluates, and this one stays
        StoredNoises = StoredNoises,
        OutsideSpan = stage > 0 || OutsideSpan is null ? OutsideSpan : [OutsideSpan[0], OutsideSpan[0]],
        StateShare = 1,
        EarlyExit = EarlyExit.Never,
    };

    private IEnumerable<SamplingStage> Way(int stages) => Stages.Take(stages).Select(stage => stage with { ScoreShare = 0 });

    /// <summary>
    /// Returns r of z = r + q·W, the part of the noisy label that is the same for every image: what is left of the start, and the stored
    /// noise.
    /// </summary>
    /// <param name="draw">The start z₀ and the noise of each stage that adds some, at least (1 + <see cref="NoiseCount"/>, D).</param>
    /// <param name="rows">W, (K, D); <see langword="null"/> for the identity, outside whose span there is nothing.</param>
    /// <returns>(D) for each stage, and for the state after the last.</returns>
    public IReadOnlyList<double[]> Offsets(HostTensor draw, HostTensor? rows)
    {
        double[] start = [.. draw.Row(0).ToArray().Select(value => (double)value)]; // (D)
        if (OutsideSpan is null || rows is null || Array.TrueForAll(start, value => value == 0))
        {
            return Offsets(start, draw);
        }

        var outside = rows.OutsideSpan(draw.Row(0)); // (D)
        var inside = Offsets([.. start.Zip(outside, (z, rest) => z - rest)], draw);
        return [.. inside.Zip(OutsideSpan, (point, factor) => point.Zip(outside, (x, rest) => x + (factor * rest)).ToArray())];
    }

    private List<double[]> Offsets(double[] state, HostTensor draw)
    {
        List<double[]> points = [state];
        var noises = 0;
        foreach (var stage in Stages)
        {
            var point = state.Select(value => stage.State * value).ToArray();
            if (stage.Noise != 0)
            {
                var noise = draw.Row(++noises);
                for (var i = 0; i < point.Length; i++)
                {
                    point[i] += stage.Noise * noise[i];
                }
            }

            points.Add(point);
            state = stage.EndsStep ? point : state;
        }

        return points;
    }

    /// <summary>
    /// Returns by stage the share of the score that the stages after it still give, where an image may leave; <see langword="null"/>
    /// where it may not.
    /// </summary>
    public IReadOnlyList<double?> SharesLeft() =>
        [.. Stages.Select((stage, i) => EarlyExit == EarlyExit.WhenClassIsDecided && StateShare == 0 && stage.ScoreShare > 0
            ? Stages.Skip(i + 1).Sum(next => next.ScoreShare)
            : (double?)null)];

    private static string? Above(string what, long needed, long most) => needed <= most
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"To score one row takes {needed:N0} {what}, but at most {most:N0} are allowed: lower {nameof(Sampling.Draws)} or "
                + $"{nameof(Sampling.SolverSteps)}.");
}

/// <summary>
/// One evaluation of the network on the way from noise to label, and what follows from it: the next point is
/// a·(state at the start of the step) + b·û + b′·(the û before) + c·noise, and the class probabilities count in the score by their weight.
/// </summary>
internal readonly record struct SamplingStage
{
    /// <summary>Gets the time of the evaluation, 0 to 1.</summary>
    public required double Time { get; init; }

    /// <summary>Gets the number of the block that evaluates, from 0; always 0 but in discrete time.</summary>
    public int Block { get; init; }

    /// <summary>Gets a, the factor of the state at the start of the step.</summary>
    public double State { get; init; }

    /// <summary>Gets b, the factor of this stage's prediction û.</summary>
    public double Prediction { get; init; }

    /// <summary>Gets b′, the factor of the previous stage's prediction.</summary>
    public double PreviousPrediction { get; init; }

    /// <summary>
    /// Gets the factors of the point and of the network's output in the clean label, where the network predicts a velocity.
    /// </summary>
    public Dynamics.Coefficients CleanLabel { get; init; }

    /// <summary>Gets the factor of a stored draw from N(0, I) that the next point gains; 0 but for ancestral sampling.</summary>
    public double Noise { get; init; }

    /// <summary>Gets a value indicating whether the next point ends a step; otherwise it is a trial point within it.</summary>
    public bool EndsStep { get; init; }

    /// <summary>Gets the share of this stage's class probabilities in the score; the shares of a plan add up to 1.</summary>
    public double ScoreShare { get; init; }
}

/// <summary>What the network's output means.</summary>
internal enum NetworkPrediction
{
    /// <summary>The logits of the class: û = softmax(logits)·W.</summary>
    CleanLabel,

    /// <summary>
    /// The velocity, logits·W and a share of z; the clean label follows from it and z, by the factors of
    /// <see cref="SamplingStage.CleanLabel"/>.
    /// </summary>
    Velocity,
}
