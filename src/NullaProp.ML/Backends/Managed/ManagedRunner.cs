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
    private ManagedRow? _spare;

    /// <summary>Brings a model into this backend's form.</summary>
    /// <param name="folded">The model, multiplied out for a plan.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public ManagedRunner(FoldedModel folded, ImageShape shape, int threads)
    {
        _interpreter = new PlanInterpreter(folded.Plan, folded.Paths.Count);
        _model = new ManagedModel(folded, shape, threads);
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
        var row = Interlocked.Exchange(ref _spare, null) ?? new ManagedRow(_model);
        row.Read(pixels, votes.Length);
        _interpreter.Run(row);
        row.Scores.CopyTo(scores);
        row.Votes.CopyTo(votes);
        Volatile.Write(ref _spare, row);
    }
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
