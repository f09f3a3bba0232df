using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.StraightPort;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The image network alone, which every classifier must run: the limit of what can be had.</summary>
internal static class BareNetwork
{
    /// <summary>The name of the library's own network.</summary>
    public const string Own = "bare CNN, the library's";

    /// <summary>The name of a plain network of torch.nn in its default layout.</summary>
    public const string Plain = "bare CNN, plain torch.nn";

    /// <summary>Returns the contestants that run it forward.</summary>
    /// <param name="own">The model whose network it is.</param>
    /// <param name="plain">The same network in plain form.</param>
    /// <param name="images">Normalised images, (B, 1, 28, 28).</param>
    public static Contestant[] Forward(Denoiser own, PortModel plain, Tensor images) =>
    [
        new(Own, _ => Forward(normalized => own.Blocks[0].Backbone.Features(normalized), images)),
        new(Plain, _ => Forward(plain.ImageNetwork.forward, images)),
    ];

    /// <summary>Returns the contestants that run it forward and backward.</summary>
    /// <param name="own">The model whose network it is.</param>
    /// <param name="plain">The same network in plain form.</param>
    /// <param name="images">Normalised images, (B, 1, 28, 28).</param>
    public static Contestant[] Backward(Denoiser own, PortModel plain, Tensor images)
    {
        Tensor[] ownWeights = [.. own.Weights.Trained
            .Where(weight => weight.Key.StartsWith("backbone.", StringComparison.Ordinal))
            .Select(weight => weight.Value)];
        Tensor[] plainWeights = [.. plain.ImageNetwork.parameters()];
        return
        [
            new(Own, _ => Backward(normalized => own.Blocks[0].Backbone.Features(normalized), images, ownWeights)),
            new(Plain, _ => Backward(plain.ImageNetwork.forward, images, plainWeights)),
        ];
    }

    private static void Forward(Func<Tensor, Tensor> network, Tensor images)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        network(images);
    }

    private static void Backward(Func<Tensor, Tensor> network, Tensor images, Tensor[] weights)
    {
        using var scope = NewDisposeScope();
        autograd.grad([network(images).sum()], weights);
    }
}
