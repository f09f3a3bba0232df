using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The reference's head: concatenate image, label and time codes – Linear – LayerNorm – ReLU – Linear(128) – LayerNorm – ReLU – Linear(K).
/// </summary>
internal sealed class PortFusionHead : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private const long Narrow = 128;

    private readonly Linear _fc1;
    private readonly LayerNorm _norm1;
    private readonly Linear _fc2;
    private readonly LayerNorm _norm2;
    private readonly Linear _fc3;

    public PortFusionHead(long dimension, long classes)
        : base(nameof(PortFusionHead))
    {
        register_module("fc1", _fc1 = nn.Linear(3 * dimension, dimension));
        register_module("norm1", _norm1 = nn.LayerNorm(dimension));
        register_module("fc2", _fc2 = nn.Linear(dimension, Narrow));
        register_module("norm2", _norm2 = nn.LayerNorm(Narrow));
        register_module("fc3", _fc3 = nn.Linear(Narrow, classes));
    }

    /// <summary>Returns logits, (B, K), from the codes of image, label and time, each (B, D).</summary>
    public override Tensor forward(Tensor input1, Tensor input2, Tensor input3)
    {
        var x = cat([input1, input2, input3], 1); // (B, 3D)
        x = nn.functional.relu(_norm1.forward(_fc1.forward(x))); // (B, D)
        x = nn.functional.relu(_norm2.forward(_fc2.forward(x))); // (B, 128)
        return _fc3.forward(x); // (B, K)
    }
}
