using NullaProp.ML.Networks;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Onnx;

/// <summary>
/// Reads the residual network of the package Microsoft.ML.DnnImageFeaturizer.ResNet18: its weights under the names of torchvision's state
/// dict, and the mean photo, for red, green and blue in this order.
/// </summary>
internal static class PretrainedPackage
{
    /// <summary>The package.</summary>
    public const string Name = "Microsoft.ML.DnnImageFeaturizer.ResNet18";

    /// <summary>The version that goes with ML.NET 5.0.1.</summary>
    public const string Version = "0.23.1";

    /// <summary>The folder that the package's build copies beside the application.</summary>
    public const string Folder = "DnnImageModels";

    /// <summary>Where the network is in that folder.</summary>
    public static readonly string NetworkFile = Path.Combine("ResNet18Onnx", "ResNet18.onnx");

    private static readonly string MeanFile = Path.Combine("ResNetPrepOnnx", "ResNetPreprocess.onnx");
    private static readonly string[] NormNames = ["weight", "bias", "running_mean", "running_var"]; // the inputs of ONNX's operator

    /// <summary>Reads the files.</summary>
    /// <param name="folder">The folder <see cref="Folder"/>.</param>
    /// <returns>The weights by name: <c>backbone.</c> and <c>normalization.</c>.</returns>
    /// <exception cref="FormatException">A file is damaged, or holds another network.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static Dictionary<string, HostTensor> Read(string folder)
    {
        var network = Weights(folder, NetworkFile);
        var weights = Named([.. network.Values]);
        weights["backbone.conv1.weight"] = WithChannelsReversed(weights["backbone.conv1.weight"]);
        weights["normalization.mean"] = Weights(folder, MeanFile).TryGetValue("MeanImage", out var mean) && mean.Shape is [1, 3, _, _]
            ? WithChannelsReversed(mean)
            : throw new FormatException($"'{MeanFile}' has no MeanImage of three channels");
        weights["normalization.scale"] = new HostTensor([1, 3, 1, 1], [1, 1, 1]);
        return weights;
    }

    /// <summary>Returns the weights by name.</summary>
    /// <param name="network">The weights in the order of the file, which lists what follows from the graph's nodes: the kernels from the
    /// last to the first, then the norms in the order in which a photo passes them, a shortcut's kernel before its norm.</param>
    /// <exception cref="FormatException">They are of another network.</exception>
    private static Dictionary<string, HostTensor> Named(IReadOnlyList<HostTensor> network)
    {
        var layers = Layers().ToList();
        var kernels = network.Where(weight => weight.Shape.Length == 4).ToList();
        var path = new Stack<HostTensor>(kernels.Where(kernel => kernel.Shape[2] > 1));
        var shortcuts = new Queue<HostTensor>(kernels.Where(kernel => kernel.Shape[2] == 1));
        var norms = network.Where(weight => weight.Shape.Length == 1).Chunk(NormNames.Length).ToList();
        if (layers.Count != norms.Count || layers.Count(layer => layer.IsShortcut) != shortcuts.Count || layers.Count != kernels.Count)
        {
            throw new FormatException($"'{NetworkFile}' has {kernels.Count} convolutions and {norms.Count} norms, not {layers.Count}");
        }

        var named = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        foreach (var ((convolution, norm, isShortcut), values) in layers.Zip(norms))
        {
            named.Add($"backbone.{convolution}.weight", isShortcut ? shortcuts.Dequeue() : path.Pop());
            foreach (var (name, value) in NormNames.Zip(values))
            {
                named.Add($"backbone.{norm}.{name}", value);
            }
        }

        return named;
    }

    // The convolutions and their norms in the order in which a photo passes them, a block's shortcut last.
    private static IEnumerable<(string Convolution, string Norm, bool IsShortcut)> Layers()
    {
        yield return ("conv1", "bn1", false);
        foreach (var (group, blocks) in ResNetDepth.OfPretrained.Groups.Index())
        {
            for (var block = 0; block < blocks; block++)
            {
                var name = $"layer{group + 1}.{block}";
                yield return ($"{name}.conv1", $"{name}.bn1", false);
                yield return ($"{name}.conv2", $"{name}.bn2", false);
                if (group > 0 && block == 0)
                {
                    yield return ($"{name}.downsample.0", $"{name}.downsample.1", true);
                }
            }
        }
    }

    private static IReadOnlyDictionary<string, HostTensor> Weights(string folder, string file)
    {
        using var stream = WholeFile.OpenRead(Path.Combine(folder, file));
        return OnnxWeights.Read(stream);
    }

    // The network was trained on blue, green and red.
    private static HostTensor WithChannelsReversed(HostTensor values)
    {
        var (channels, plane) = ((int)values.Shape[1], (int)(values.Shape[2] * values.Shape[3]));
        var reversed = new float[values.Values.Length];
        for (var i = 0; i < reversed.Length / plane; i++)
        {
            var channel = i % channels;
            var source = i - channel + (channels - 1 - channel);
            values.Values.AsSpan(source * plane, plane).CopyTo(reversed.AsSpan(i * plane, plane));
        }

        return new HostTensor(values.Shape, reversed);
    }
}
