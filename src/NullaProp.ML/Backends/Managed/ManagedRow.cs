using System.Numerics.Tensors;
using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Backends.Managed;

/// <summary>One row on its way through a plan, and the memory for it, used again for the next row: scoring allocates nothing.</summary>
internal sealed class ManagedRow : IPlanBackend
{
    private readonly ManagedModel _model;
    private readonly float[][] _registers; // K each, padded to whole vectors
    private readonly float[] _pixels;
    private readonly ThreadTeam? _team; // for the image networks, with their memory
    private readonly float[][] _imageShares; // of the head's first layer, by block
    private readonly bool[] _hasImageShare;
    private readonly ManagedBlock.HiddenLayers _layers;
    private readonly float[] _mixed; // q·W, where the read-out takes two layers
    private readonly long[] _votes;
    private int _start;
    private int _voteCount;
    private int _threads;

    /// <summary>Takes the memory.</summary>
    /// <param name="model">The model.</param>
    public ManagedRow(ManagedModel model)
    {
        _model = model;
        _registers = Vectors(Enum.GetValues<Register>().Select(_ => ManagedKernels.Padded(model.Classes)));
        _pixels = new float[model.PixelCount];
        var block = model.Blocks[0]; // all are alike
        _team = block.ImageNetwork.NewTeam();
        _imageShares = Vectors(model.Blocks.Select(each => each.HiddenWidth));
        _hasImageShare = new bool[model.Blocks.Length];
        _layers = new(new float[block.HiddenWidth], new float[block.HiddenWidth], new float[block.NarrowWidth]);
        _mixed = new float[model.Readout is [var first, _] ? first.Width : 0];
        _votes = new long[model.Paths.Length];
    }

    /// <inheritdoc/>
    public bool AnyLeft { get; private set; }

    /// <inheritdoc/>
    public bool CountsVotes => _voteCount > 0;

    /// <summary>Gets the class probabilities, once the row went its way.</summary>
    public ReadOnlySpan<float> Scores => Values(Register.Score);

    /// <summary>Gets the class of each start, where they were asked for.</summary>
    public ReadOnlySpan<long> Votes => _votes.AsSpan(0, _voteCount);

    /// <summary>Takes in a row.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="votes">The number of starts; 0 where nobody asks for their votes.</param>
    /// <param name="threads">The most threads that may compute it.</param>
    public void Read(ReadOnlySpan<float> pixels, int votes, int threads)
    {
        pixels.CopyTo(_pixels);
        Array.Clear(_hasImageShare);
        Values(Register.Score).Clear();
        (_voteCount, _threads, AnyLeft) = (votes, threads, true);
    }

    /// <inheritdoc/>
    public void Begin(int start)
    {
        _start = start;
        Values(Register.State).Clear();
        Values(Register.Point).Clear();
        Values(Register.OwnScore).Clear();
    }

    /// <inheritdoc/>
    public void Evaluate(int stage)
    {
        var number = _model.BlockOfStage[stage];
        var (block, share) = (_model.Blocks[number], _imageShares[number]);
        if (!_hasImageShare[number])
        {
            block.ImageNetwork.Share(_pixels, _team, _threads, share);
            _hasImageShare[number] = true;
        }

        block.Evaluate(share, _model.Paths[_start].Stages[stage], Values(Register.Point), _layers, _registers[(int)Register.Prediction]);
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source) =>
        TensorPrimitives.Multiply(Values(source), (float)factor, Values(target));

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source) =>
        TensorPrimitives.MultiplyAdd(Values(source), (float)factor, Values(target), Values(target));

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => Values(source).CopyTo(Values(target));

    /// <inheritdoc/>
    public void SoftMax(Register values)
    {
        var logits = Values(values);
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits); // no overflow in exp
        TensorPrimitives.SoftMax<float>(logits, logits);
    }

    /// <inheritdoc/>
    public void Normalise(Register values, double floor)
    {
        var shares = Values(values);
        TensorPrimitives.Max(shares, (float)floor, shares);
        TensorPrimitives.Divide(shares, TensorPrimitives.Sum<float>(shares), shares);
    }

    /// <inheritdoc/>
    public void ReadOut(Register state, int point)
    {
        _model.Paths[_start].Readouts[point]!.CopyTo(_registers[(int)Register.Readout], 0);
        switch (_model.Readout)
        {
            case []:
                Add(Register.Readout, _model.ReadoutScale, state);
                break;
            case [var matrix]:
                matrix.MultiplyAdd(Values(state), _registers[(int)Register.Readout]);
                break;
            case [var mix, var read]:
                Array.Clear(_mixed);
                mix.MultiplyAdd(Values(state), _mixed);
                read.MultiplyAdd(_mixed.AsSpan(0, read.Inputs), _registers[(int)Register.Readout]);
                break;
        }
    }

    /// <inheritdoc/>
    public bool DecideByScore(double lead) => Lead(Values(Register.Score)) > lead;

    /// <inheritdoc/>
    public bool DecideByState(double bound)
    {
        var logits = Values(Register.Readout);
        if (_model.Spread is not { } spread)
        {
            return _model.Readout is [] && Lead(logits) > (float)bound * _model.ReadoutScale; // else not measured
        }

        var best = TensorPrimitives.IndexOfMax<float>(logits);
        for (var k = 0; k < logits.Length; k++)
        {
            if (logits[best] - logits[k] <= (float)bound * spread[(best * logits.Length) + k])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Leave(Register scores, double divisor)
    {
        TensorPrimitives.Divide(Values(scores), (float)divisor, Values(Register.Score));
        AnyLeft = false;
    }

    /// <inheritdoc/>
    public void Vote(int start) => _votes[start] = TensorPrimitives.IndexOfMax<float>(Values(Register.OwnScore));

    /// <inheritdoc/>
    public void Finish(double divisor)
    {
        if (AnyLeft)
        {
            Leave(Register.Score, divisor);
        }
    }

    private static float[][] Vectors(IEnumerable<int> lengths) => [.. lengths.Select(length => new float[length])];

    // Without the padding.
    private Span<float> Values(Register register) => _registers[(int)register].AsSpan(0, _model.Classes);

    // By how much the highest value is ahead of the next.
    private static float Lead(ReadOnlySpan<float> values)
    {
        var best = TensorPrimitives.IndexOfMax(values);
        var next = float.NegativeInfinity;
        for (var k = 0; k < values.Length; k++)
        {
            next = k == best ? next : Math.Max(next, values[k]);
        }

        return values[best] - next;
    }
}
