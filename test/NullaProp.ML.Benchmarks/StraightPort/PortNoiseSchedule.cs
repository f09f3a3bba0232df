using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The reference's noise schedule ᾱ(t) = sigmoid(−γ(t)/2), γ from 5 to −5 along a network that is evaluated at t, 0 and 1 for every row.
/// </summary>
internal sealed class PortNoiseSchedule : nn.Module<Tensor, Tensor>
{
    private const long Hidden = 64;
    private const double Clip = 1e-5;

    private readonly Linear _fc1;
    private readonly Linear _fc2;
    private readonly Parameter _gamma0;
    private readonly Parameter _gamma1;

    public PortNoiseSchedule()
        : base(nameof(PortNoiseSchedule))
    {
        register_module("fc1", _fc1 = nn.Linear(1, Hidden));
        register_module("fc2", _fc2 = nn.Linear(Hidden, 1));
        register_parameter("gamma0", _gamma0 = nn.Parameter(tensor(new[] { -5f })));
        register_parameter("gamma1", _gamma1 = nn.Parameter(tensor(new[] { 5f })));
    }

    /// <summary>Returns ᾱ of times, (B, 1).</summary>
    public override Tensor forward(Tensor input)
    {
        var start = Network(zeros_like(input)); // (B, 1)
        var end = Network(ones_like(input)); // (B, 1)
        var share = ((Network(input) - start) / (end - start + 1e-8)).clamp(0, 1); // (B, 1)
        var gamma = _gamma0 + ((_gamma1 - _gamma0) * (1 - share)); // (B, 1)
        return nn.functional.sigmoid(-gamma / 2).clamp(Clip, 1 - Clip); // (B, 1)
    }

    private Tensor Network(Tensor time) => nn.functional.softplus(_fc2.forward(nn.functional.softplus(_fc1.forward(time)))); // (B, 1)
}
