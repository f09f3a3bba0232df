using System.Numerics.Tensors;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>
/// All that scoring by a plan needs of a model's label encoders, heads and read-out and that does not depend on the image, computed once,
/// as host tensors: what every backend starts from.
/// </summary>
internal sealed class FoldedModel
{
    /// <summary>Multiplies out the blocks that a plan evaluates.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">
    /// The stored draws, (n·(1 + <see cref="SamplingPlan.StoredNoises"/>), D): for each start the start itself and the noises of its way.
    /// </param>
    public FoldedModel(Denoiser model, SamplingPlan plan, HostTensor draws)
    {
        (Model, Plan) = (model, plan);
        var embedding = model.Embedding.Rows(); // (K, D)
        Blocks = plan.Stages.Select(stage => stage.Block).Distinct()
            .ToDictionary(block => block, block => new FoldedBlock(model.Blocks[block], embedding));
        Readout = plan.Predicts == NetworkPrediction.Velocity || plan.StateShare > 0 ? new FoldedReadout(model, plan, embedding) : null;
        var rows = plan.StoredNoises + 1;
        Paths = [.. Enumerable.Range(0, draws.Rows / rows).Select(path => Path(draws.RowRange(path * rows, rows), embedding))];
    }

    /// <summary>Gets the model.</summary>
    public Denoiser Model { get; }

    /// <summary>Gets the plan.</summary>
    public SamplingPlan Plan { get; }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, FoldedBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public FoldedReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<FoldedPath> Paths { get; }

    private FoldedPath Path(HostTensor draw, HostTensor? embedding)
    {
        var offsets = Plan.Offsets(draw, embedding); // (D) each
        var stages = Plan.Stages.Select((stage, i) => Blocks[stage.Block].Constants(offsets[i], stage.Time));
        var readouts = Plan.Stages.Select((stage, i) => Plan.Predicts == NetworkPrediction.Velocity
            ? Readout!.Bias([.. offsets[i].Select(value => stage.CleanLabel.State * value)])
            : null);
        return new FoldedPath([.. stages], [.. readouts, Plan.StateShare > 0 ? Readout!.Bias(offsets[^1]) : null]);
    }
}

/// <summary>What a way from one start adds that is the same for every image.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="Readouts">
/// The bias of the read-out, (K), by stage where the network predicts a velocity, and behind them that of the last state, where the plan
/// scores it.
/// </param>
internal sealed record FoldedPath(IReadOnlyList<FoldedStage> Stages, IReadOnlyList<float[]?> Readouts);

/// <summary>What one evaluation adds.</summary>
/// <param name="Label">The bias of the label's first layer, (H).</param>
/// <param name="Head">The bias of the head's first layer, (H).</param>
internal readonly record struct FoldedStage(float[] Label, float[] Head);

/// <summary>
/// A trained block with neighbouring linear layers multiplied out. The noisy label is kept as z = r + q·W with r the same for every image
/// and q of length K, for it only ever gains multiples of rows of W (docs/performance.md): its first layer reads q, its second and its
/// share of the head's first layer are one matrix. All matrices are (outputs, inputs).
/// </summary>
internal sealed class FoldedBlock
{
    private readonly double _labelScale;
    private readonly HostLinear _first;
    private readonly HostTimeEncoder? _time;
    private readonly double[] _secondBias;
    private readonly HostJoin _join;

    /// <summary>Multiplies out a block's layers.</summary>
    /// <param name="block">The block.</param>
    /// <param name="rows">W, (K, D); <see langword="null"/> for the identity.</param>
    public FoldedBlock(DenoisingBlock block, HostTensor? rows)
    {
        var second = block.LabelEncoder.Second.Host();
        _labelScale = block.LabelScale;
        (_first, _time, _join) = (block.LabelEncoder.First.Host(), block.Time?.Host(), block.Head.HostJoin());
        _secondBias = [.. second.Bias.Values.Select(value => (double)value)];
        var labelColumns = _join.LabelColumns(); // (H, H)
        LabelMatrix = OnCombination(_first.Weight, rows);
        LabelFold = labelColumns.Times(second.Weight);
        ResidualMatrix = block.LabelEncoder.HasResidual ? OnCombination(labelColumns, rows) : null;
    }

    /// <summary>Gets what the label's first layer makes of q, (H, K).</summary>
    public HostTensor LabelMatrix { get; }

    /// <summary>Gets the label's second layer times its share of the head's first, (H, H).</summary>
    public HostTensor LabelFold { get; }

    /// <summary>Gets what the head's first layer makes of z itself through q, (H, K), where the encoder adds z to its code.</summary>
    public HostTensor? ResidualMatrix { get; }

    /// <summary>Returns what a stage adds that is the same for every image.</summary>
    /// <param name="offset">r, (D).</param>
    /// <param name="time">t.</param>
    public FoldedStage Constants(double[] offset, double time)
    {
        var label = Array.ConvertAll(offset, r => _labelScale * r); // (D)
        var code = ResidualMatrix is null ? _secondBias : [.. _secondBias.Zip(label, (bias, r) => bias + r)]; // (H)
        var shares = _join.LabelShare(code); // (H)
        var timeShare = _time is null ? new double[shares.Length] : _join.TimeShare(_time.Code(time)); // (H)
        var head = shares.Select((share, i) => (float)(share + timeShare[i] + _join.Layer.Bias.Values[i]));
        return new([.. _first.Forward(label).Select(value => (float)value)], [.. head]);
    }

    // What a layer that reads z makes of q. With one-hot labels q is what is left of z itself.
    private HostTensor OnCombination(HostTensor layer, HostTensor? rows)
    {
        var matrix = rows is null ? layer : layer.TimesTransposed(rows);
        return _labelScale == 1 ? matrix : matrix.Scaled(_labelScale);
    }
}

/// <summary>
/// The read-out of the noisy label, R·z + r₀ with z = r + q·W, multiplied out so that it reads q: by the matrix R·Wᵀ, by Wᵀ and R one
/// after the other where classes are many, or, with one-hot labels, by one number. The plan has its link.
/// </summary>
internal sealed class FoldedReadout
{
    // classes: a matrix of 1 MB; to measure how far its rows spread takes their number to the third
    private const int MostMultipliedOut = 512;

    /// <summary>Multiplies out a model's read-out at the end of its way.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan, which decides whether <see cref="Spread"/> is needed.</param>
    /// <param name="rows">W, (K, D); <see langword="null"/> for the identity.</param>
    public FoldedReadout(Denoiser model, SamplingPlan plan, HostTensor? rows)
    {
        OfLabel = model.Readout.Host(model.Embedding, model.Schedule.Levels([1])[0]);
        Layers = (OfLabel.Rows, rows) switch
        {
            (null, null) => [],
            ({ } readout, { } embedding) when readout.Rows <= MostMultipliedOut =>
                [readout.TimesTransposed(embedding).Scaled(OfLabel.Scale)],
            ({ } readout, { } embedding) => [embedding.Transposed(), readout.Scaled(OfLabel.Scale)],
            _ => throw new InvalidOperationException("A read-out by place is for one-hot embeddings, and no other is."),
        };
        Spread = Layers is [var matrix] && StateInfluence.Of(plan).Any(left => left is not null) ? SpreadOf(matrix) : null;
    }

    /// <summary>Gets the read-out of z.</summary>
    public HostReadout OfLabel { get; }

    /// <summary>
    /// Gets what it makes of q, (outputs, inputs) one after the other: R·Wᵀ, (K, K), or Wᵀ and R, which takes memory and time linear in K.
    /// None where that is <see cref="Scale"/> times q itself.
    /// </summary>
    public IReadOnlyList<HostTensor> Layers { get; }

    /// <summary>
    /// Gets the factor of q with one-hot labels, where a logit can move by no more against another where q moves by a probability vector.
    /// </summary>
    public double Scale => OfLabel.Scale;

    /// <summary>
    /// Gets by how much one class's logit can move against another's where q moves by a probability vector, (K, K); −1 for a class
    /// against itself, which nothing decides. <see langword="null"/> where no image may leave by its state, or where it is
    /// <see cref="Scale"/> for all. With more classes it is not measured, and no image leaves by its state.
    /// </summary>
    public HostTensor? Spread { get; }

    /// <summary>Returns the part of R·z + r₀ that is the same for every image, (K).</summary>
    /// <param name="offset">r, (D).</param>
    public float[] Bias(double[] offset) => Array.ConvertAll(OfLabel.Logits(offset), value => (float)value);

    private static HostTensor SpreadOf(HostTensor matrix)
    {
        var classes = matrix.Rows;
        var spread = new HostTensor([classes, classes], new float[classes * classes]);
        var moves = new float[classes];
        for (var k = 0; k < classes; k++)
        {
            for (var other = 0; other < classes; other++)
            {
                TensorPrimitives.Subtract(matrix.Row(k), matrix.Row(other), moves);
                spread.Values[(k * classes) + other] = other == k ? -1 : Math.Abs(TensorPrimitives.MaxMagnitude<float>(moves));
            }
        }

        return spread;
    }
}
