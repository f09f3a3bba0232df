using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>
/// The learned schedule of the paper's appendix B: λ(t) = λ₀ + (λ₁−λ₀)·ḡ(t), ḡ(t) = (g(t)−g(0))/(g(1)−g(0)), with g a two-layer network
/// whose weights are positive, so that λ rises whatever the weights become.
/// </summary>
/// <remarks>
/// g(t) = softplus(b₂ + Σ w₂·softplus(w₁·t + b₁)), each w the softplus of a raw weight. The JAX reference leaves w free, so that its SNR′
/// can turn negative.
/// </remarks>
internal sealed class MonotoneNoiseSchedule : NoiseSchedule
{
    private readonly MonotoneScheduleWeights _weights;

    /// <summary>Creates the schedule over weights that somebody else owns.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="trainsEnds">Whether λ₀ and λ₁ are trained.</param>
    public MonotoneNoiseSchedule(MonotoneScheduleWeights weights, bool trainsEnds)
    {
        _weights = weights;
        TrainsEnds = trainsEnds;
    }

    /// <inheritdoc/>
    public override bool TrainsEnds { get; }

    /// <inheritdoc/>
    public override Tensor Span(Device device) => _weights.LabelEnd.Value - _weights.NoiseEnd.Value;

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        var ends = tensor(new[] { 0f, 1f }, dtype: time.dtype, device: time.device).unsqueeze(1); // (2, 1)
        var (value, slope) = Network(cat([time, ends])); // (B + 2, 1) each
        var count = time.shape[0];
        var low = value.narrow(0, count, 1); // (1, 1)
        var rise = value.narrow(0, count + 1, 1) - low; // (1, 1), above 0
        var fraction = (value.narrow(0, 0, count) - low) / rise; // (B, 1), 0 to 1
        var rate = slope.narrow(0, 0, count) / rise; // (B, 1)
        var span = Span(time.device);
        return new NoiseLevels(_weights.NoiseEnd.Value.Plus(span * fraction), span * rate);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times)
    {
        var network = new HostMonotoneNetwork(_weights);
        var (low, high) = (network.At(0).Value, network.At(1).Value);
        var (noiseEnd, labelEnd) = (_weights.NoiseEnd.Host().Values[0], _weights.LabelEnd.Host().Values[0]);
        var scale = (labelEnd - noiseEnd) / (high - low);
        return
        [
            .. times.Select(t =>
            {
                var (value, slope) = network.At(t);
                return new NoiseLevel(t, noiseEnd + (scale * (value - low)), scale * slope);
            }),
        ];
    }

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr) =>
        throw new NotSupportedException(
            "A learned noise schedule has no inverse in closed form, but drawing times evenly over log-SNR needs one. Choose "
                + "LinearLogSnr or Cosine.");

    // g(t) and g'(t) in closed form, so that SNR' needs no derivative by automatic differentiation.
    private (Tensor Value, Tensor Slope) Network(Tensor time)
    {
        var slopes = _weights.Slopes.Value.SoftPlus(); // (1, H), positive
        var mixture = _weights.Mixture.Value.SoftPlus(); // (H, 1), positive
        var hidden = time.mm(slopes).Plus(_weights.Offsets.Value); // (N, H)
        var level = hidden.SoftPlus().mm(mixture).Plus(_weights.Level.Value); // (N, 1)
        var inner = (hidden.sigmoid() * slopes).mm(mixture); // (N, 1)
        return (level.SoftPlus(), level.sigmoid() * inner);
    }
}

/// <summary>The raw weights of a <see cref="MonotoneNoiseSchedule"/>; H is its hidden width.</summary>
/// <param name="Slopes">w₁ before softplus, (1, H).</param>
/// <param name="Offsets">b₁, (H).</param>
/// <param name="Mixture">w₂ before softplus, (H, 1).</param>
/// <param name="Level">b₂, (1).</param>
/// <param name="NoiseEnd">λ₀, (1).</param>
/// <param name="LabelEnd">λ₁, (1).</param>
internal sealed record MonotoneScheduleWeights(
    Weight Slopes,
    Weight Offsets,
    Weight Mixture,
    Weight Level,
    Weight NoiseEnd,
    Weight LabelEnd);

/// <summary>The network g of a <see cref="MonotoneNoiseSchedule"/> in managed memory, for one time and in double precision.</summary>
/// <param name="weights">Its raw weights.</param>
internal sealed class HostMonotoneNetwork(MonotoneScheduleWeights weights)
{
    private readonly double[] _slopes = [.. weights.Slopes.Host().Values.Select(raw => SoftPlus(raw))]; // (H), positive
    private readonly float[] _offsets = weights.Offsets.Host().Values; // (H)
    private readonly double[] _mixture = [.. weights.Mixture.Host().Values.Select(raw => SoftPlus(raw))]; // (H), positive
    private readonly double _level = weights.Level.Host().Values[0];

    /// <summary>Returns g(t) and g′(t).</summary>
    /// <param name="time">t, 0 to 1.</param>
    public (double Value, double Slope) At(double time)
    {
        var (level, inner) = (_level, 0.0);
        for (var i = 0; i < _slopes.Length; i++)
        {
            var hidden = (time * _slopes[i]) + _offsets[i];
            level += SoftPlus(hidden) * _mixture[i];
            inner += Sigmoid(hidden) * _slopes[i] * _mixture[i];
        }

        return (SoftPlus(level), Sigmoid(level) * inner);
    }

    // ln(1 + exp x), without overflow.
    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
