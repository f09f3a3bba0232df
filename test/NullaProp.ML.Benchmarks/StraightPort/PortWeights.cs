using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>Gives the straight port the weights of a model of ours, so that both compute the same function.</summary>
internal static class PortWeights
{
    // Ours to the port's; a layer stands for its weight and its bias.
    private static readonly (string Own, string Port)[] Layers =
    [
        ("backbone.conv1", "image_network.conv1"),
        ("backbone.conv2", "image_network.conv2"),
        ("backbone.output", "image_network.linear"),
        ("label_encoder.first", "label_encoder.fc1"),
        ("label_encoder.second", "label_encoder.fc2"),
        ("time_encoder.first", "time_encoder.fc1"),
        ("time_encoder.second", "time_encoder.fc2"),
        ("head.join", "head.fc1"),
        ("head.join_norm", "head.norm1"),
        ("head.narrow", "head.fc2"),
        ("head.narrow_norm", "head.norm2"),
        ("head.output", "head.fc3"),
    ];

    /// <summary>Returns a port with a model's weights; the caller disposes of it.</summary>
    /// <param name="model">
    /// A model with learned embeddings as wide as its hidden layers and a schedule learned with its ends, as the JAX reference has it.
    /// </param>
    public static PortModel Copy(Denoiser model)
    {
        var port = new PortModel(model.Embedding.Dimension, model.ClassCount); // before the scope, which would free its parameters
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var own = model.Weights.Values.ToDictionary(weight => weight.Key, weight => weight.Value);
        var target = port.named_parameters().ToDictionary(parameter => parameter.name, parameter => parameter.parameter);
        foreach (var (from, to) in Layers)
        {
            target[$"{to}.weight"].copy_(own[$"{from}.weight"]);
            target[$"{to}.bias"].copy_(own[$"{from}.bias"]);
        }

        target["embedding"].copy_(own["embedding.rows"]);
        target["time_encoder.frequencies"].copy_(own["time_encoder.frequencies"]);
        CopySchedule(own, target);
        return port;
    }

    // Ours keeps the network's weights positive through softplus and has λ = −γ/2; the JAX reference has them free.
    private static void CopySchedule(Dictionary<string, Tensor> own, Dictionary<string, TorchSharp.Modules.Parameter> target)
    {
        target["schedule.fc1.weight"].copy_(nn.functional.softplus(own["schedule.slopes"]).t());
        target["schedule.fc1.bias"].copy_(own["schedule.offsets"]);
        target["schedule.fc2.weight"].copy_(nn.functional.softplus(own["schedule.mixture"]).t());
        target["schedule.fc2.bias"].copy_(own["schedule.level"]);
        target["schedule.gamma0"].copy_(own["schedule.label_end"] * -2);
        target["schedule.gamma1"].copy_(own["schedule.noise_end"] * -2);
    }
}
