using NullaProp.ML.Networks;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Onnx;

/// <summary>
/// Writes a plan down instead of following it: a register holds the name of a value, and arithmetic adds nodes. What comes out is the
/// plan unrolled, for any number of rows at once.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="folded">The model, multiplied out for the plan.</param>
/// <param name="images">Normalised images, (N, C, H, W).</param>
internal sealed class OnnxRows(OnnxGraph graph, FoldedModel folded, OnnxValue images) : IPlanBackend
{
    private readonly Dictionary<Register, OnnxValue> _registers = []; // (N, K); none where it is 0
    private readonly Dictionary<int, OnnxBlock> _blocks = [];
    private readonly List<OnnxValue> _path = [];
    private double _shares;
    private int _start;

    /// <inheritdoc/>
    public bool AnyLeft => true;

    /// <inheritdoc/>
    public bool CountsVotes => false;

    /// <summary>Gets the scores, (N, K), once the way has ended.</summary>
    public OnnxValue Scores { get; private set; }

    /// <summary>Gets what the scores would be if the way ended after each evaluation that counts in them, (N, K) each.</summary>
    public IReadOnlyList<OnnxValue> Path => _path;

    /// <inheritdoc/>
    public void Begin(int start)
    {
        _start = start;
        _registers.Remove(Register.State);
        _registers.Remove(Register.Point);
    }

    /// <inheritdoc/>
    public void Evaluate(int stage)
    {
        var constants = folded.Paths[_start].Stages[stage];
        var block = Block(folded.Plan.Stages[stage].Block);
        _registers[Register.Prediction] = block.Logits(Of(Register.Point), $"start{_start}.stage{stage}", constants);
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source)
    {
        if (Of(source) is { } value)
        {
            _registers[target] = Times(value, factor);
        }
        else
        {
            _registers.Remove(target);
        }
    }

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source)
    {
        var added = Times(_registers[source], factor);
        _registers[target] = Of(target) is { } sum ? graph.Add(sum, added) : added;
        if (target == Register.Score)
        {
            _shares += factor;
            _path.Add(graph.Divide(_registers[target], graph.Scalar(_shares)));
        }
    }

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => _registers[target] = _registers[source];

    /// <inheritdoc/>
    public void SoftMax(Register values) => _registers[values] = graph.SoftMax(_registers[values]);

    /// <inheritdoc/>
    public void Normalise(Register values, double floor)
    {
        var raised = graph.Clip(_registers[values], floor, float.MaxValue);
        _registers[values] = graph.Divide(raised, graph.Reshape(graph.RowSum(raised), 1)); // (B, K) / (B, 1)
    }

    /// <inheritdoc/>
    public void ReadOut(Register state, int point)
    {
        var (readout, value) = (folded.Readout!, _registers[state]);
        var constants = folded.Paths[_start].Readouts[point]!;
        var bias = graph.Tensor($"start{_start}.stage{point}.readout", [constants.Length], constants);
        _registers[Register.Readout] = readout.Layers switch
        {
            [] => graph.Add(Times(value, readout.Scale), bias),
            [var matrix] => graph.Product(value, "readout", matrix, bias),
            [var mix, var read] => graph.Product(graph.Product(value, "readout.mix", mix), "readout", read, bias),
            _ => throw new InvalidOperationException("A read-out has two matrices at most."),
        };
    }

    /// <inheritdoc/>
    public void Finish(double divisor) => Scores = graph.Divide(_registers[Register.Score], graph.Scalar(divisor));

    /// <inheritdoc/>
    /// <remarks>In a graph no row can leave before others.</remarks>
    bool IPlanBackend.DecideByScore(double lead) => false;

    /// <inheritdoc/>
    bool IPlanBackend.DecideByState(double bound) => false;

    /// <inheritdoc/>
    void IPlanBackend.Leave(Register scores, double divisor) => throw new NotSupportedException("No row was found that could leave.");

    /// <inheritdoc/>
    void IPlanBackend.Vote(int start) => throw new NotSupportedException("Nobody asked for votes.");

    private OnnxValue? Of(Register register) => _registers.TryGetValue(register, out var value) ? value : null;

    private OnnxValue Times(OnnxValue value, double factor) => factor == 1 ? value : graph.Multiply(value, graph.Scalar(factor));

    private OnnxBlock Block(int number)
    {
        if (!_blocks.TryGetValue(number, out var block))
        {
            var name = folded.Model.Blocks.Count == 1 ? "network" : Denoiser.BlockName(number);
            block = _blocks[number] = new OnnxBlock(graph, name, folded.Model.Blocks[number], folded.Blocks[number], images);
        }

        return block;
    }
}
