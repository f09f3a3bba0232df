using NullaProp.ML.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Onnx;

/// <summary>
/// Writes a module of the user's into a graph, as it scores: a <see cref="Sequential"/> of TorchSharp's own layers, which say all of what
/// they compute. Any other module is code.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="backbone">The backbone's name, for sentences.</param>
internal sealed class OnnxModule(OnnxGraph graph, string backbone)
{
    private bool _isFlat; // (N, n), else (N, C, H, W)

    /// <summary>Adds a module.</summary>
    /// <param name="images">Normalised images, (N, C, H, W).</param>
    /// <param name="name">What the names of its weights start with.</param>
    /// <param name="module">The module.</param>
    /// <returns>What it makes, (N, F).</returns>
    /// <exception cref="InvalidOperationException">It has a layer that this class does not know.</exception>
    public OnnxValue Add(OnnxValue images, string name, nn.Module module) => Layer(images, name, module);

    private OnnxValue Layer(OnnxValue x, string name, nn.Module module) => module switch
    {
        Sequential layers when layers.GetType() == typeof(Sequential) => InTurn(x, name, layers),
        Flatten { start_dim: 1, end_dim: -1 or 3 } => Flat(x),
        Linear layer when _isFlat => Dense(x, name, layer),
        Conv2d layer when !_isFlat && layer.padding_mode == PaddingModes.Zeros => Convolution(x, name, layer),
        BatchNorm2d { running_mean: { } mean, running_var: { } variance } layer when !_isFlat => Norm(x, name, layer, mean, variance),
        MaxPool2d { ceil_mode: false } pool when !_isFlat => MaxPool(x, pool),
        AvgPool2d { ceil_mode: false, divisor_override: null } pool when !_isFlat => AveragePool(x, pool),
        AdaptiveAvgPool2d pool when !_isFlat && pool.output_size.All(size => size == 1) => graph.Reshape(graph.ChannelMean(x), -1, 1, 1),
        Identity or Dropout or Dropout1d or Dropout2d or Dropout3d or AlphaDropout or FeatureAlphaDropout => x,
        _ => Activation(x, module) ?? throw Unknown(module),
    };

    private OnnxValue? Activation(OnnxValue x, nn.Module module) => module switch
    {
        ReLU => graph.Relu(x),
        ReLU6 => graph.Clip(x, 0, 6),
        LeakyReLU leaky =>
            graph.Subtract(graph.Relu(x), graph.Multiply(graph.Relu(Times(x, -1)), graph.Scalar(leaky.negative_slope))),
        Tanh => graph.Node("Tanh", [x]),
        Sigmoid => graph.Node("Sigmoid", [x]),
        SiLU => graph.Multiply(x, graph.Node("Sigmoid", [x])),
        GELU { approximate: GELU.Approximate.none } =>
            graph.Multiply(Times(x, 0.5), graph.Add(graph.Node("Erf", [Times(x, Math.Sqrt(0.5))]), graph.Scalar(1))),
        _ => null,
    };

    private OnnxValue InTurn(OnnxValue x, string name, Sequential layers)
    {
        for (var i = 0; i < layers.Count; i++)
        {
            x = Layer(x, $"{name}.{i}", (nn.Module)layers[i]);
        }

        return x;
    }

    private OnnxValue Flat(OnnxValue x)
    {
        var flat = _isFlat ? x : graph.Flatten(x);
        _isFlat = true;
        return flat;
    }

    private OnnxValue Dense(OnnxValue x, string name, Linear layer)
    {
        var weight = HostTensor.Of(layer.weight);
        return layer.bias is { } bias
            ? graph.Product(x, $"{name}.weight", weight, Tensor($"{name}.bias", HostTensor.Of(bias)))
            : graph.Product(x, $"{name}.weight", weight);
    }

    private OnnxValue Convolution(OnnxValue x, string name, Conv2d layer)
    {
        var kernels = graph.Matrix($"{name}.weight", HostTensor.Of(layer.weight));
        return graph.Node(
            "Conv",
            layer.bias is { } bias ? [x, kernels, Tensor($"{name}.bias", HostTensor.Of(bias))] : [x, kernels],
            new("kernel_shape", layer.weight.shape[2..]),
            new("pads", Padding(layer)),
            new("strides", Both(layer.stride)),
            new("dilations", Both(layer.dilation)),
            new("group", layer.groups));
    }

    // Zeros above, left, below and right. Of an odd number "same" has one more below and right.
    private static long[] Padding(Conv2d layer)
    {
        if (layer.padding is { } padding)
        {
            return [.. Both(padding), .. Both(padding)];
        }

        long[] all = layer.padding_type == TorchSharp.Padding.Same
            ? [.. Both(layer.dilation).Zip(layer.weight.shape[2..], (dilation, side) => dilation * (side - 1))]
            : [0, 0];
        return [all[0] / 2, all[1] / 2, all[0] - (all[0] / 2), all[1] - (all[1] / 2)];
    }

    // (x − mean) / √(variance + ε), scaled and shifted: one product and one sum.
    private OnnxValue Norm(OnnxValue x, string name, BatchNorm2d layer, Tensor mean, Tensor variance)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var deviation = variance.to(ScalarType.Float64).add(layer.eps).sqrt(); // (C), as are the others
        var scale = layer.weight is { } weight ? weight.to(ScalarType.Float64).div(deviation) : deviation.reciprocal();
        var centre = mean.to(ScalarType.Float64).mul(scale).neg();
        var shift = layer.bias is { } bias ? centre.add(bias.to(ScalarType.Float64)) : centre;
        var scaled = graph.Multiply(x, Tensor($"{name}.scale", HostTensor.Of(scale.view(-1, 1, 1))));
        return graph.Add(scaled, Tensor($"{name}.shift", HostTensor.Of(shift.view(-1, 1, 1))));
    }

    private OnnxValue MaxPool(OnnxValue x, MaxPool2d pool) => graph.Node(
        "MaxPool",
        [x],
        new("kernel_shape", Both(pool.kernel_size)),
        new("pads", [.. Both(pool.padding, 0), .. Both(pool.padding, 0)]),
        new("strides", Both(pool.stride, pool.kernel_size)),
        new("dilations", Both(pool.dilation, 1)));

    private OnnxValue AveragePool(OnnxValue x, AvgPool2d pool) => graph.Node(
        "AveragePool",
        [x],
        new("kernel_shape", Both(pool.kernel_size)),
        new("pads", [.. Both(pool.padding, 0), .. Both(pool.padding, 0)]),
        new("strides", Both(pool.stride, pool.kernel_size)),
        new("count_include_pad", pool.count_include_pad ? 1 : 0));

    private OnnxValue Times(OnnxValue x, double factor) => graph.Multiply(x, graph.Scalar(factor));

    private OnnxValue Tensor(string name, HostTensor values) => graph.Tensor(name, values.Shape, values.Values);

    // One number stands for height and width; none at all for what is usual.
    private static long[] Both(long[]? values, params long[] usual) => values switch
    {
        [var one] => [one, one],
        [_, _] => values,
        _ => Both(usual),
    };

    private InvalidOperationException Unknown(nn.Module module) => new(
        $"The backbone '{backbone}' is a module of your own with a {module.GetType().Name}, which cannot be written into an ONNX graph "
            + "as it is here. A Sequential of TorchSharp's convolutions, batch normalisations, pools, linear layers, dropout and common "
            + $"activations can, with a flatten before a linear layer. Make the module of these, or train with another "
            + $"{nameof(NoPropBackbone)}.");
}
