using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Backends.Managed;

/// <summary>
/// Scores one image at a time by a sampling plan, in managed memory with SIMD: for one image the calls into libtorch cost more than its
/// arithmetic.
/// </summary>
/// <threadsafety>Any number of threads may use one runner.</threadsafety>
internal sealed class ManagedRunner
{
    private readonly PlanInterpreter _interpreter;
    private readonly ManagedModel _model;
    private readonly int _threads;
    private ManagedRow? _spare;

    /// <summary>Brings a model into this backend's form.</summary>
    /// <param name="folded">The model, multiplied out for a plan.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="threads">The most threads of a call.</param>
    public ManagedRunner(FoldedModel folded, ImageShape shape, int threads)
    {
        _interpreter = new PlanInterpreter(folded.Plan, folded.Paths.Count);
        (_model, _threads) = (new ManagedModel(folded, shape, threads), threads);
    }

    /// <summary>Gets a value indicating whether an image network is computed by libtorch all the same.</summary>
    public bool NeedsLibtorch => Array.Exists(_model.Blocks, block => block.ImageNetwork is LibtorchImageNetwork);

    /// <summary>Writes the class probabilities of an image.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="scores">Where to write K probabilities, which sum to 1.</param>
    public void Probabilities(ReadOnlySpan<float> pixels, Span<float> scores) => Probabilities(pixels, scores, votes: []);

    /// <summary>Writes the class probabilities of an image, and which class each start gives.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="scores">Where to write K probabilities, which sum to 1.</param>
    /// <param name="votes">Where to write the most probable class of each start, from 0, n of them; empty where nobody asks.</param>
    public void Probabilities(ReadOnlySpan<float> pixels, Span<float> scores, Span<long> votes)
    {
        var row = Rent();
        Run(row, pixels, scores, votes, _threads);
        Return(row);
    }

    /// <summary>Writes what the other method does of each of some images, which the threads share.</summary>
    /// <param name="pixels">Raw pixels, B·C·H·W.</param>
    /// <param name="rows">B, the number of images, at least one.</param>
    /// <param name="scores">Where to write, B·K.</param>
    /// <param name="votes">Where to write, B·n; empty where nobody asks.</param>
    public void Probabilities(float[] pixels, int rows, float[] scores, long[] votes)
    {
        var (size, classes, starts, workers) = (pixels.Length / rows, scores.Length / rows, votes.Length / rows, Math.Min(_threads, rows));
        if (workers > 1)
        {
            var most = new ParallelOptions { MaxDegreeOfParallelism = workers };
            Parallel.For(0, rows, most, Rent, (row, _, memory) => RunOne(row, memory), Return);
            return;
        }

        var alone = Rent();
        for (var row = 0; row < rows; row++)
        {
            RunOne(row, alone);
        }

        Return(alone);

        ManagedRow RunOne(int row, ManagedRow memory)
        {
            Run(
                memory,
                pixels.AsSpan(row * size, size),
                scores.AsSpan(row * classes, classes),
                votes.AsSpan(row * starts, starts),
                _threads / workers);
            return memory;
        }
    }

    private void Run(ManagedRow row, ReadOnlySpan<float> pixels, Span<float> scores, Span<long> votes, int threads)
    {
        row.Read(pixels, votes.Length, threads);
        _interpreter.Run(row);
        row.Scores.CopyTo(scores);
        row.Votes.CopyTo(votes);
    }

    private ManagedRow Rent() => Interlocked.Exchange(ref _spare, null) ?? new ManagedRow(_model);

    private void Return(ManagedRow row) => Volatile.Write(ref _spare, row);
}

/// <summary>What is the same for every row, in this backend's form.</summary>
internal sealed class ManagedModel
{
    /// <summary>Copies a model.</summary>
    /// <param name="folded">The model, multiplied out for a plan.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public ManagedModel(FoldedModel folded, ImageShape shape, int threads)
    {
        var (model, numbers) = (folded.Model, folded.Blocks.Keys.Order().ToList());
        (Classes, PixelCount) = (model.ClassCount, shape.Size);
        Blocks = [.. numbers.Select(number => new ManagedBlock(model, model.Blocks[number], folded.Blocks[number], shape, threads))];
        BlockOfStage = [.. folded.Plan.Stages.Select(stage => numbers.IndexOf(stage.Block))];
        Readout = [.. folded.Readout?.Layers.Select(layer => new ManagedMatrix(layer)) ?? []];
        ReadoutScale = (float)(folded.Readout?.Scale ?? 0);
        Spread = folded.Readout?.Spread?.Values;
        Paths = [.. folded.Paths.Select(path => new FoldedPath([.. path.Stages.Select(Padded)], [.. path.Readouts.Select(Padded)]))];
    }

    /// <summary>Gets K.</summary>
    public int Classes { get; }

    /// <summary>Gets the number of values in an image.</summary>
    public int PixelCount { get; }

    /// <summary>Gets the blocks that the plan evaluates.</summary>
    public ManagedBlock[] Blocks { get; }

    /// <summary>Gets by stage which of them it is.</summary>
    public int[] BlockOfStage { get; }

    /// <summary>
    /// Gets <see cref="FoldedReadout.Layers"/>, one or two; none where the read-out multiplies q by a number, or where there is none.
    /// </summary>
    public ManagedMatrix[] Readout { get; }

    /// <summary>Gets that number.</summary>
    public float ReadoutScale { get; }

    /// <summary>Gets <see cref="FoldedReadout.Spread"/>.</summary>
    public float[]? Spread { get; }

    /// <summary>Gets what each start adds, padded to whole vectors.</summary>
    public FoldedPath[] Paths { get; }

    private static FoldedStage Padded(FoldedStage stage) => new(ManagedMatrix.Padded(stage.Label), ManagedMatrix.Padded(stage.Head));

    private static float[]? Padded(float[]? bias) => bias is null ? null : ManagedMatrix.Padded(bias);
}
