using System.Globalization;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Sampling;

/// <summary>Scoring as a flat list of numbers: at which times to evaluate the network, and how to go on from there. Compiled once; no
/// solver runs at scoring time.</summary>
/// <param name="Stages">The evaluations in order, at least one.</param>
internal sealed record SamplingPlan(IReadOnlyList<SamplingStage> Stages)
{
    /// <summary>The most evaluations for one row: draws × stages.</summary>
    public const long MostEvaluations = 1_000_000;

    /// <summary>The most multiplications of these evaluations, each H·(D + K) of them: some seconds on one core.</summary>
    public const long MostMultiplications = 100_000_000_000;

    /// <summary>The most random numbers that a model stores: draws × (1 + stages that add noise) × D; 1 GiB.</summary>
    public const long MostStoredNumbers = 1L << 28;

    /// <summary>Gets the plan of a plain classifier: one evaluation at pure noise.</summary>
    public static SamplingPlan SingleEvaluation { get; } = new([new SamplingStage { Time = 0, ScoreShare = 1 }]);

    /// <summary>Gets what the network's output means.</summary>
    public NetworkPrediction Predicts { get; init; }

    /// <summary>Gets the share in the score of what the state after the last stage says by itself; with those of the stages it adds up to
    /// 1.</summary>
    public double StateShare { get; init; }

    /// <summary>Gets whether an image may leave before the end.</summary>
    public EarlyExit EarlyExit { get; init; }

    /// <summary>Gets the number of stages that add stored noise.</summary>
    public int NoiseCount => Stages.Count(stage => stage.Noise != 0);

    /// <summary>Returns in a sentence by how much the plan is too long to score a row in seconds, or <see langword="null"/> where it is
    /// not.</summary>
    /// <param name="draws">The number of random starts, 0 for a start at the mean.</param>
    /// <param name="dimension">D, the length of z.</param>
    /// <param name="classes">K.</param>
    /// <param name="hiddenSize">H.</param>
    public string? Excess(int draws, long dimension, long classes, long hiddenSize)
    {
        var evaluations = Math.Max(1L, draws) * Stages.Count;
        return Above("evaluations of the network", evaluations, MostEvaluations)
            ?? Above("multiplications", evaluations * hiddenSize * (dimension + classes), MostMultiplications)
            ?? Above("stored random numbers", draws * (1L + NoiseCount) * dimension, MostStoredNumbers);
    }

    /// <summary>Returns r of z = r + q·W, the part of the noisy label that is the same for every image: what is left of the start, and
    /// the stored noise.</summary>
    /// <param name="draw">The start z₀ and the noise of each stage that adds some, (1 + <see cref="NoiseCount"/>, D).</param>
    /// <returns>(D) for each stage, and for the state after the last.</returns>
    public IReadOnlyList<double[]> Offsets(HostTensor draw)
    {
        double[] state = [.. draw.Row(0).ToArray().Select(value => (double)value)]; // (D)
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

    /// <summary>Returns by stage the share of the score that the stages after it still give, where an image may leave; <see
    /// langword="null"/> where it may not.</summary>
    public IReadOnlyList<double?> SharesLeft() =>
        [.. Stages.Select((stage, i) => EarlyExit == EarlyExit.WhenClassIsDecided && StateShare == 0 && stage.ScoreShare > 0 ? Stages.Skip(i + 1).Sum(next => next.ScoreShare) : (double?)null)];

    private static string? Above(string what, long needed, long most) => needed <= most
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"To score one row takes {needed:N0} {what}, but at most {most:N0} are allowed: lower {nameof(NoPropOptions.Draws)} or {nameof(NoPropOptions.SolverSteps)}.");
}
