using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>The JAX reference's reader of the noisy label: z + Linear(ReLU(Linear(z))).</summary>
internal sealed class PortLabelEncoder : nn.Module<Tensor, Tensor>
{
    private readonly Linear _fc1;
    private readonly Linear _fc2;

    public PortLabelEncoder(long dimension)
        : base(nameof(PortLabelEncoder))
    {
        register_module("fc1", _fc1 = nn.Linear(dimension, dimension));
        register_module("fc2", _fc2 = nn.Linear(dimension, dimension));
    }

    /// <summary>Returns the code of noisy labels, (B, D).</summary>
    public override Tensor forward(Tensor input) => _fc2.forward(nn.functional.relu(_fc1.forward(input))) + input; // (B, D)
}
