using NullaProp.ML.Plan;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// The images of a batch that are still on their way through a plan, n of B at first and fewer where some leave early, with what is known
/// of each. It lives in the caller's dispose scope.
/// </summary>
internal sealed class TorchRows : IPlanBackend
{
    private readonly TorchModel _model;
    private readonly Func<int, Tensor>? _noise;
    private readonly Tensor?[] _registers = new Tensor?[Enum.GetValues<Register>().Length]; // (n, K); null where it is 0
    private readonly Dictionary<int, Tensor> _shares; // of the head's first layer, (n, H), by block
    private readonly Tensor _scores; // (B, K), of those that left
    private readonly Tensor? _votes; // (B, n)
    private Tensor _images; // normalised, (n, C, H, W)
    private Tensor _numbers; // which row of the batch each is, (n)
    private Tensor? _decided; // which rows were found, (n)
    private Tensor? _z; // what stands in for the noisy label, (n, D)
    private int _start;

    /// <summary>Puts the rows of a batch at the start of their way.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    /// <param name="votes">The number of starts; 0 where nobody asks for their votes.</param>
    public TorchRows(TorchModel model, Tensor pixels, int votes = 0)
        : this(model, model.Network.Normalization.Apply(pixels.to(model.Network.Weights.Device)), votes, [], noise: null)
    {
    }

    private TorchRows(TorchModel model, Tensor images, int votes, Dictionary<int, Tensor> shares, Func<int, Tensor>? noise)
    {
        (_model, _images, _shares, _noise) = (model, images, shares, noise);
        var (device, rows) = (images.device, images.shape[0]);
        _scores = zeros(rows, model.Network.ClassCount, dtype: ScalarType.Float32, device: device);
        _votes = votes == 0 ? null : zeros(rows, votes, dtype: ScalarType.Int64, device: device);
        long[] numbers = [.. Enumerable.Range(0, (int)rows).Select(number => (long)number)]; // 0, 1, …
        _numbers = tensor(numbers, dtype: ScalarType.Int64, device: device);
    }

    /// <inheritdoc/>
    public bool AnyLeft => _numbers.shape[0] > 0;

    /// <inheritdoc/>
    public bool CountsVotes => _votes is not null;

    /// <summary>Gets the class probabilities of the batch, (B, K), once all images went their way.</summary>
    public Tensor Scores => _scores;

    /// <summary>Gets the class of each image by each start, (B, n), where they were asked for.</summary>
    public Tensor? Votes => _votes;

    /// <summary>
    /// Returns the same rows at the start, shown noise in place of the noisy label. What is known of the images is not computed again.
    /// </summary>
    /// <param name="noise">Draws the noise of a stage, (B, D), for a plan that lets no row leave, as none has left here.</param>
    public TorchRows WithNoise(Func<int, Tensor> noise) => new(_model, _images, votes: 0, _shares, noise);

    /// <inheritdoc/>
    public void Begin(int start)
    {
        _start = start;
        foreach (var register in new[] { Register.State, Register.Point, Register.OwnScore })
        {
            Set(register, null);
        }
    }

    /// <inheritdoc/>
    public void Evaluate(int stage)
    {
        var (number, time) = (_model.Stages[stage].Block, (float)_model.Stages[stage].Time);
        var (block, share) = (_model.Blocks[number], ImageShare(number));
        if (_noise is null)
        {
            Compute(Register.Prediction, () => block.Logits(share, Of(Register.Point), _model.Paths[_start].Stages[stage]).t());
            return;
        }

        _z?.Dispose();
        var z = _z = _noise(stage); // takes the place of r + q·W
        Set(Register.Point, null);
        Compute(Register.Prediction, () =>
            block.Block.Logits(share, z, tensor(time, dtype: ScalarType.Float32, device: z.device).view(1, 1)));
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source)
    {
        using Scalar held = factor;
        Compute(target, () => Of(source)?.mul(held));
    }

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source)
    {
        if (Of(target) is { } sum)
        {
            using Scalar held = factor;
            sum.add_(Of(source)!, held);
        }
        else
        {
            Scale(target, factor, source);
        }
    }

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => Set(target, Of(source));

    /// <inheritdoc/>
    /// <remarks>Class by class, in which torch's softmax over so few classes is four times as fast.</remarks>
    public void SoftMax(Register values) => Compute(values, () => nn.functional.softmax(Of(values)!.t(), 0).t());

    /// <inheritdoc/>
    public void Normalise(Register values, double floor)
    {
        using Scalar held = floor;
        Compute(values, () =>
        {
            var shares = Of(values)!.clamp_min(held);
            return shares.div_(shares.sum(1, keepdim: true));
        });
    }

    /// <inheritdoc/>
    public void ReadOut(Register state, int point) => Compute(Register.Readout, () =>
    {
        var bias = _z is { } z && point < _model.Stages.Count ? ReadOutOf(z, point) : _model.Paths[_start].Readouts[point]!;
        return _model.Readout!.Logits(Of(state)!, bias);
    });

    /// <inheritdoc/>
    public bool DecideByScore(double lead) => Decide(() => Lead(Register.Score), lead);

    /// <inheritdoc/>
    public bool DecideByState(double bound) => _model.Readout switch
    {
        { Spread: { } spread } => Decide(() => SpareOverSpread(spread, bound), 0),
        { Layers: [], OfLabel.Scale: var scale } => Decide(() => Lead(Register.Readout), bound * scale),
        _ => false, // not measured
    };

    /// <inheritdoc/>
    public void Leave(Register scores, double divisor)
    {
        using var held = (Scalar)divisor;
        using var rows = Rows(_decided!);
        using (NewDisposeScope())
        {
            _scores.index_copy_(0, _numbers.index_select(0, rows), Of(scores)!.index_select(0, rows).div(held));
        }

        using var undecided = _decided!.logical_not();
        using var others = Rows(undecided);
        Keep(others);
    }

    /// <inheritdoc/>
    public void Vote(int start)
    {
        using var scope = NewDisposeScope();
        _votes!.select(1, start).copy_(Of(Register.OwnScore)!.argmax(1));
    }

    /// <inheritdoc/>
    public void Finish(double divisor)
    {
        if (AnyLeft)
        {
            using var scope = NewDisposeScope();
            using Scalar held = divisor;
            _scores.index_copy_(0, _numbers, Of(Register.Score)!.div(held));
        }
    }

    private Tensor ImageShare(int block) =>
        _shares.TryGetValue(block, out var share) ? share : _shares[block] = _model.Blocks[block].ImageNetwork.Share(_images); // (n, H)

    // What flow matching's clean label takes of z, read out: the same for no two images here.
    private Tensor ReadOutOf(Tensor z, int stage)
    {
        using Scalar held = _model.Stages[stage].CleanLabel.State;
        return _model.Readout!.LogitsOf(z.mul(held)); // (n, K)
    }

    // By how much the highest value is ahead of the next, (n).
    private Tensor Lead(Register values)
    {
        var best = Of(values)!.topk(2, 1).values; // (n, 2)
        return best.select(1, 0) - best.select(1, 1);
    }

    // How much more than the rest of the way can make up the best class is ahead of the closest of the others, (n).
    private Tensor SpareOverSpread(Tensor spread, double bound)
    {
        using Scalar held = bound;
        var logits = Of(Register.Readout)!;
        var best = logits.argmax(1); // (n)
        var lead = logits.gather(1, best.unsqueeze(1)) - logits; // (n, K)
        return (lead - spread.index_select(0, best).mul_(held)).amin([1]); // (n)
    }

    private bool Decide(Func<Tensor> values, double limit)
    {
        _decided?.Dispose();
        using var scope = NewDisposeScope();
        using Scalar held = limit;
        _decided = values().gt(held).MoveToOuterDisposeScope();
        return _decided.any().item<bool>();
    }

    private static Tensor Rows(Tensor which)
    {
        using var scope = NewDisposeScope();
        return which.nonzero().squeeze(1).MoveToOuterDisposeScope();
    }

    private void Keep(Tensor rows)
    {
        _numbers = Taken(_numbers, rows);
        if (_shares.Count < _model.Blocks.Count) // else no block reads them any more
        {
            _images = Taken(_images, rows);
        }

        foreach (var register in Enum.GetValues<Register>())
        {
            Compute(register, () => Of(register)?.index_select(0, rows));
        }

        foreach (var block in _shares.Keys.ToList())
        {
            _shares[block] = Taken(_shares[block], rows);
        }
    }

    // What is left of a tensor, which is freed at once: a way may be long, and images leave it one by one.
    private static Tensor Taken(Tensor from, Tensor rows)
    {
        using (from)
        {
            return from.index_select(0, rows);
        }
    }

    private Tensor? Of(Register register) => _registers[(int)register];

    private void Compute(Register register, Func<Tensor?> value)
    {
        using var scope = NewDisposeScope();
        Set(register, value()?.MoveToOuterDisposeScope());
    }

    // What no register holds any more is freed at once: a long way through many classes would not fit the memory.
    private void Set(Register register, Tensor? value)
    {
        var before = Of(register);
        _registers[(int)register] = value;
        if (before is not null && !Array.Exists(_registers, held => ReferenceEquals(held, before)))
        {
            before.Dispose();
        }
    }
}
