namespace NullaProp.ML.Benchmarks.Measuring;

/// <summary>How much is measured.</summary>
internal sealed record Effort
{
    /// <summary>Gets the usual effort: some eleven minutes on two cores.</summary>
    public static Effort Full { get; } = new()
    {
        Name = "full",
        Short = new(TimeSpan.FromSeconds(10), 5, 2_000),
        Long = new(TimeSpan.FromSeconds(40), 7, 100),
        Grid = new(TimeSpan.FromSeconds(4), 3, 100),
        GridEvaluations = int.MaxValue,
        TrainingImages = 10_000,
        Children = 5,
        MeasuresStreaming = true,
    };

    /// <summary>Gets the effort of <c>--quick</c>: under three minutes on two cores, with wider spreads.</summary>
    public static Effort Quick { get; } = new()
    {
        Name = "quick",
        Short = new(TimeSpan.FromSeconds(3), 3, 1_000),
        Long = new(TimeSpan.FromSeconds(12), 5, 50),
        Grid = new(TimeSpan.FromSeconds(0.5), 2, 50),
        GridEvaluations = 256 * 81,
        TrainingImages = 3_000,
        Children = 3,
    };

    /// <summary>Gets the name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the rounds of comparisons whose rounds are short.</summary>
    public required Rounds Short { get; init; }

    /// <summary>Gets the rounds of comparisons whose rounds take seconds.</summary>
    public required Rounds Long { get; init; }

    /// <summary>Gets the rounds of each cell of the grid of batches and steps.</summary>
    public required Rounds Grid { get; init; }

    /// <summary>
    /// Gets the most images × evaluations in a cell of the grid for which the straight port runs, too; above, only ours does.
    /// </summary>
    public required int GridEvaluations { get; init; }

    /// <summary>Gets the number of images to train models on.</summary>
    public required int TrainingImages { get; init; }

    /// <summary>Gets how many child processes are started where their start is measured.</summary>
    public required int Children { get; init; }

    /// <summary>
    /// Gets a value indicating whether training on more than fits into memory is measured, which takes as long as a whole fit.
    /// </summary>
    public bool MeasuresStreaming { get; init; }
}
