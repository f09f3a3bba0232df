using NullaProp.ML.Networks;

namespace NullaProp.ML.Onnx;

/// <summary>Writes the layers of an image network into a graph.</summary>
/// <param name="graph">The graph.</param>
internal sealed class OnnxImageNetwork(OnnxGraph graph)
{
    private bool _isFlat; // what a linear layer reads is (N, n)

    /// <summary>Adds a network.</summary>
    /// <param name="images">Normalised images, (N, C, H, W).</param>
    /// <param name="name">What the names of its weights start with.</param>
    /// <param name="layers">Its layers.</param>
    /// <returns>The features, (N, H).</returns>
    public OnnxValue Add(OnnxValue images, string name, IReadOnlyList<BackboneLayer> layers)
    {
        var x = images;
        for (var i = 0; i < layers.Count; i++)
        {
            x = Add(x, $"{name}.{i}", layers[i]);
        }

        return x;
    }

    private OnnxValue Add(OnnxValue x, string name, BackboneLayer layer) => layer switch
    {
        BackboneLayer.Convolution convolution => Convolution(x, name, convolution),
        BackboneLayer.Normed normed => Normed(x, name, normed.Layer),
        BackboneLayer.MaxPool pool => graph.MaxPool(x, pool.Side, pool.Stride, pool.Padding),
        BackboneLayer.ChannelMean => Flat(graph.ChannelMean(x)),
        BackboneLayer.Residual block => graph.Add(Add(x, $"{name}.path", block.Path), Add(x, $"{name}.shortcut", block.Shortcut)),
        BackboneLayer.Dense dense => Dense(_isFlat ? x : Flat(graph.Flatten(x)), name, dense.Layer),
        BackboneLayer.Relu => graph.Relu(x),
        _ => throw new NotSupportedException($"Say here how to write a {layer.GetType().Name}."),
    };

    // max and ReLU commute, and a quarter of the values is left to clip.
    private OnnxValue Convolution(OnnxValue x, string name, BackboneLayer.Convolution layer)
    {
        var maps = graph.Convolution(x, name, layer.Weight, layer.Bias);
        return graph.Relu(layer.Pool == 1 ? maps : graph.MaxPool(maps, layer.Pool, layer.Pool));
    }

    private OnnxValue Normed(OnnxValue x, string name, NormedConvolution layer)
    {
        var (weight, bias) = layer.Host();
        return graph.Convolution(x, name, weight, bias, layer.Stride);
    }

    private OnnxValue Dense(OnnxValue x, string name, HostLinear layer) =>
        graph.Product(x, $"{name}.weight", layer.Weight, graph.Tensor($"{name}.bias", layer.Bias.Shape, layer.Bias.Values));

    private OnnxValue Flat(OnnxValue x)
    {
        _isFlat = true;
        return x;
    }
}
