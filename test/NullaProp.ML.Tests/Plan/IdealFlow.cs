using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// The network that flow matching's squared error is least for, by Bayes' rule alone: of one-hot labels u with probabilities p(y|x) and
/// noise ε, z = t·u + (1−t)·ε tells p(y|x, z) = softmax(ln p(y|x) + t/(1−t)²·z), and the velocity is E[u − ε|x, z].
/// </summary>
internal static class IdealFlow
{
    // The velocity has no bound at t = 1, where no network can follow it.
    private const double LeastNoise = 1e-3;

    /// <summary>Returns what the network says at z and t: the velocity, or what is left of it beside the best linear estimate.</summary>
    public static double[] Output(VelocityForm form, IReadOnlyList<double> prior, double[] z, double time)
    {
        var noise = Math.Max(1 - time, LeastNoise);
        var clean = IdealDenoiser.Softmax([.. z.Zip(prior, (x, p) => Math.Log(p) + (time / noise / noise * x))]);
        double[] velocity = [.. clean.Zip(z, (u, x) => (u - x) / noise)]; // u − ε with ε = (z − t·u)/(1−t)
        if (form == VelocityForm.Raw)
        {
            return velocity;
        }

        var labelVariance = 1.0 / prior.Count;
        var variance = (time * time * labelVariance) + ((1 - time) * (1 - time));
        var linear = ((time * labelVariance) - (1 - time)) / variance;
        return [.. velocity.Zip(z, (v, x) => (v - (linear * x)) * Math.Sqrt(variance / labelVariance))];
    }
}

/// <summary>
/// One image of known p(y|x) on its way through a plan, with the ideal network in place of a trained one, in arithmetic of its own.
/// </summary>
/// <param name="folded">What the library computes once for all images: starts, read-out.</param>
/// <param name="draws">The starts, (n, K).</param>
/// <param name="form">What the network says.</param>
/// <param name="prior">p(y|x).</param>
internal sealed class IdealFlowRow(FoldedModel folded, HostTensor draws, VelocityForm form, double[] prior) : IPlanBackend
{
    private readonly Dictionary<Register, double[]> _values =
        Enum.GetValues<Register>().ToDictionary(register => register, _ => new double[prior.Length]);

    private IReadOnlyList<double[]> _offsets = [];
    private int _start;

    /// <inheritdoc/>
    public bool AnyLeft { get; private set; } = true;

    /// <inheritdoc/>
    public bool CountsVotes => false;

    /// <summary>Gets the class probabilities.</summary>
    public double[] Scores => _values[Register.Score];

    /// <inheritdoc/>
    public void Begin(int start)
    {
        (_start, _offsets) = (start, folded.Plan.Offsets(draws.RowRange(start, 1), rows: null));
        (_values[Register.State], _values[Register.Point]) = (new double[prior.Length], new double[prior.Length]);
    }

    /// <inheritdoc/>
    public void Evaluate(int stage)
    {
        double[] z = [.. _offsets[stage].Zip(_values[Register.Point], (r, q) => r + q)];
        _values[Register.Prediction] = IdealFlow.Output(form, prior, z, folded.Plan.Stages[stage].Time);
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source) => _values[target] = [.. _values[source].Select(x => factor * x)];

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source) =>
        _values[target] = [.. _values[target].Zip(_values[source], (sum, x) => sum + (factor * x))];

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => _values[target] = _values[source];

    /// <inheritdoc/>
    public void SoftMax(Register values) => _values[values] = IdealDenoiser.Softmax(_values[values]);

    /// <inheritdoc/>
    public void Normalise(Register values, double floor)
    {
        double[] cut = [.. _values[values].Select(x => Math.Max(x, floor))];
        _values[values] = [.. cut.Select(x => x / cut.Sum())];
    }

    /// <inheritdoc/>
    public void ReadOut(Register state, int point)
    {
        var bias = folded.Paths[_start].Readouts[point]!;
        _values[Register.Readout] = [.. _values[state].Zip(bias, (q, r) => (folded.Readout!.Scale * q) + r)];
    }

    /// <inheritdoc/>
    public bool DecideByScore(double lead) => false;

    /// <inheritdoc/>
    public bool DecideByState(double bound) => false;

    /// <inheritdoc/>
    public void Leave(Register scores, double divisor) => throw new NotSupportedException("No image leaves.");

    /// <inheritdoc/>
    public void Vote(int start) => throw new NotSupportedException("Nobody asks for votes.");

    /// <inheritdoc/>
    public void Finish(double divisor)
    {
        _values[Register.Score] = [.. _values[Register.Score].Select(x => x / divisor)];
        AnyLeft = false;
    }
}
