namespace NullaProp.ML.Networks;

/// <summary>How deep a residual network is (He et al. 2016, table 1).</summary>
/// <param name="Block">Makes a block from scope, input channels, width and stride.</param>
/// <param name="Groups">The number of blocks in each of the four groups.</param>
internal sealed record ResNetDepth(Func<WeightScope, long, long, int, ResidualBlock> Block, IReadOnlyList<int> Groups)
{
    /// <summary>Gets the network of 18 layers.</summary>
    public static ResNetDepth Of18 { get; } = new(ResidualBlock.Basic, [2, 2, 2, 2]);

    /// <summary>
    /// Gets the network of 20 layers that <see cref="NoPropBackbone.PretrainedResNet18"/> names: one block more than its name says.
    /// </summary>
    public static ResNetDepth OfPretrained { get; } = new(ResidualBlock.Basic, [2, 2, 2, 3]);

    /// <summary>Gets the network of 50 layers.</summary>
    public static ResNetDepth Of50 { get; } = new(ResidualBlock.Bottleneck, [3, 4, 6, 3]);

    /// <summary>Gets the network of 152 layers.</summary>
    public static ResNetDepth Of152 { get; } = new(ResidualBlock.Bottleneck, [3, 8, 36, 3]);
}
