using NullaProp.ML.Networks;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Onnx;

/// <summary>A block of a model in a graph. Its image network is there once, however often a plan evaluates the block.</summary>
internal sealed class OnnxBlock
{
    private readonly OnnxGraph _graph;
    private readonly string _name;
    private readonly FusionHead _head;
    private readonly FoldedBlock _folded;
    private readonly OnnxValue _imageShare; // of the head's first layer, (N, H)

    /// <summary>Adds the block's image network.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="name">What the names of its weights start with.</param>
    /// <param name="block">The block.</param>
    /// <param name="folded">Its multiplied-out layers.</param>
    /// <param name="images">Normalised images, (N, C, H, W).</param>
    public OnnxBlock(OnnxGraph graph, string name, DenoisingBlock block, FoldedBlock folded, OnnxValue images)
    {
        (_graph, _name, _head, _folded) = (graph, name, block.Head, folded);
        var features = block.Backbone is CustomBackbone custom
            ? Dense(new OnnxModule(graph, custom.Name).Add(images, $"{name}.image", custom.Module), "image.output", custom.Output)
            : new OnnxImageNetwork(graph).Add(images, $"{name}.image", block.Backbone.Layers()!);
        _imageShare = graph.Product(features, $"{name}.join.image", block.Head.HostJoin().ImageColumns());
    }

    /// <summary>Adds an evaluation.</summary>
    /// <param name="point">q, (N, K); <see langword="null"/> where it is 0.</param>
    /// <param name="stage">What the names of the evaluation's own numbers start with.</param>
    /// <param name="constants">What the stage adds.</param>
    /// <returns>The logits, (N, K).</returns>
    public OnnxValue Logits(OnnxValue? point, string stage, FoldedStage constants)
    {
        var labelShare = point is { } q ? LabelShare(q, stage, constants) : ShareOfStart(stage, constants);
        var joined = _graph.Add(_imageShare, labelShare); // (N, H)
        var wide = _graph.Relu(Norm(joined, "join_norm", _head.JoinNorm)); // (N, H)
        var narrow = _graph.Relu(Norm(Dense(wide, "narrow", _head.Narrow), "narrow_norm", _head.NarrowNorm)); // (N, 128)
        return Dense(narrow, "output", _head.Output);
    }

    private OnnxValue LabelShare(OnnxValue point, string stage, FoldedStage constants)
    {
        var hidden = _graph.Relu(_graph.Product(point, $"{_name}.label", _folded.LabelMatrix, Vector($"{stage}.label", constants.Label)));
        var share = _graph.Product(hidden, $"{_name}.join.label", _folded.LabelFold, Vector($"{stage}.head", constants.Head)); // (N, H)
        return _folded.ResidualMatrix is { } residual ? _graph.Product(point, $"{_name}.join.residual", residual, share) : share;
    }

    // Where q is 0, the label's share is the same for every image.
    private OnnxValue ShareOfStart(string stage, FoldedStage constants)
    {
        var share = _folded.LabelFold.Times(Array.ConvertAll(constants.Label, x => Math.Max(0.0, x)));
        return Vector($"{stage}.start", [.. share.Zip(constants.Head, (x, bias) => (float)(x + bias))]);
    }

    private OnnxValue Norm(OnnxValue x, string part, LayerNorm norm) =>
        _graph.LayerNorm(
            x,
            Vector($"{_name}.{part}.scale", norm.Weight.Host().Values),
            Vector($"{_name}.{part}.shift", norm.Bias.Host().Values));

    private OnnxValue Dense(OnnxValue x, string part, Linear linear)
    {
        var layer = linear.Host();
        return _graph.Product(x, $"{_name}.{part}.weight", layer.Weight, Vector($"{_name}.{part}.bias", layer.Bias.Values));
    }

    private OnnxValue Vector(string name, float[] values) => _graph.Tensor(name, [values.Length], values);
}

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
