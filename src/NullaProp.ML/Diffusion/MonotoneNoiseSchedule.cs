using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>
/// The learned schedule of the paper's appendix B: λ(t) = λ₀ + (λ₁−λ₀)·ḡ(t), ḡ(t) = (g(t)−g(0))/(g(1)−g(0)), with g a two-layer network
/// whose weights are positive,
/// so that λ rises whatever the weights become.
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
