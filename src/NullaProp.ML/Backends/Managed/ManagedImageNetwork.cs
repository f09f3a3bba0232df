using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Managed;

/// <summary>The image network of a block for one row, with its share of the head's first layer.</summary>
internal interface IImageNetwork
{
    /// <summary>Returns memory to work in; <see langword="null"/> where it needs none.</summary>
    ThreadTeam? NewTeam();

    /// <summary>Writes the image's share of the head's first layer.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="team">The memory, from <see cref="NewTeam"/> of a network of the same form.</param>
    /// <param name="threads">The most threads that may compute it.</param>
    /// <param name="share">Where to write, H padded to whole vectors.</param>
    void Share(ReadOnlySpan<float> pixels, ThreadTeam? team, int threads, Span<float> share);
}

/// <summary>An image network for one row in managed memory, compiled from what the network says of itself.</summary>
internal sealed class ManagedImageNetwork : IImageNetwork
{
    private readonly ManagedLayers _layers;
    private readonly int _features;
    private readonly ManagedMatrix _join;

    /// <summary>Copies the weights of a network.</summary>
    /// <param name="normalization">The scaling of raw pixels.</param>
    /// <param name="layers">The network's layers.</param>
    /// <param name="join">The head's first layer as far as it reads the image, (H, H).</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public ManagedImageNetwork(
        PixelNormalization normalization, IReadOnlyList<BackboneLayer> layers, HostTensor join, ImageShape shape, int threads)
    {
        var scaling = (normalization.Mean.Host().Values, normalization.Scale.Host().Values);
        _layers = new ManagedLayers(layers, shape, scaling, threads);
        (_features, _join) = (join.Columns, new ManagedMatrix(join));
    }

    /// <inheritdoc/>
    public ThreadTeam NewTeam() => _layers.NewTeam();

    /// <inheritdoc/>
    public void Share(ReadOnlySpan<float> pixels, ThreadTeam? team, int threads, Span<float> share)
    {
        share.Clear();
        _join.MultiplyAdd(_layers.Forward(pixels, team!, threads)[.._features], share);
    }
}
