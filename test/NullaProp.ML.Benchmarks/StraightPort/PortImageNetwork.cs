using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The reference's CNN for one channel of 28×28: conv 32 – ReLU – max-pool – conv 64 – ReLU – max-pool – linear, in the default layout of
/// memory (NCHW).
/// </summary>
internal sealed class PortImageNetwork : nn.Module<Tensor, Tensor>
{
    private const long Flattened = 64 * 7 * 7;

    private readonly Conv2d _conv1;
    private readonly Conv2d _conv2;
    private readonly Linear _linear;

    public PortImageNetwork(long features)
        : base(nameof(PortImageNetwork))
    {
        register_module("conv1", _conv1 = nn.Conv2d(1, 32, 3, padding: 1));
        register_module("conv2", _conv2 = nn.Conv2d(32, 64, 3, padding: 1));
        register_module("linear", _linear = nn.Linear(Flattened, features));
    }

    /// <summary>Returns the features of normalised images, (B, 1, 28, 28).</summary>
    public override Tensor forward(Tensor input)
    {
        var x = nn.functional.max_pool2d(nn.functional.relu(_conv1.forward(input)), 2L); // (B, 32, 14, 14)
        x = nn.functional.max_pool2d(nn.functional.relu(_conv2.forward(x)), 2L); // (B, 64, 7, 7)
        return _linear.forward(x.flatten(1)); // (B, D)
    }
}
