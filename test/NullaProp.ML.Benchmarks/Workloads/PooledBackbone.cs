using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>An image network that is next to free, so that what is measured is what lies around it: means of 8×8 pixels.</summary>
internal sealed class PooledBackbone() : nn.Module<Tensor, Tensor>(Name)
{
    /// <summary>The name under which it is registered.</summary>
    public const string Name = "pooled";

    private const long Side = 8;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.avg_pool2d(input, Side).flatten(1); // (B, 3·8·8)
}
