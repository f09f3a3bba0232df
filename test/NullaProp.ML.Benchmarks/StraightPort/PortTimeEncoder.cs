using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>The JAX reference's reader of the time: sine and cosine at 32 frequencies – Linear – SiLU – Linear.</summary>
internal sealed class PortTimeEncoder : nn.Module<Tensor, Tensor>
{
    private const long Frequencies = 32;

    private readonly Parameter _frequencies;
    private readonly Linear _fc1;
    private readonly Linear _fc2;

    public PortTimeEncoder(long dimension)
        : base(nameof(PortTimeEncoder))
    {
        register_parameter("frequencies", _frequencies = nn.Parameter(randn(1, Frequencies)));
        register_module("fc1", _fc1 = nn.Linear(2 * Frequencies, dimension));
        register_module("fc2", _fc2 = nn.Linear(dimension, dimension));
    }

    /// <summary>Returns the code of times, (B, 1).</summary>
    public override Tensor forward(Tensor input)
    {
        var angles = 2 * Math.PI * input * _frequencies; // (B, 32)
        var waves = cat([angles.sin(), angles.cos()], 1); // (B, 64)
        return _fc2.forward(nn.functional.silu(_fc1.forward(waves))); // (B, D)
    }
}
