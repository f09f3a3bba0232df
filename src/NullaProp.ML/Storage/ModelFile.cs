using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>The two files of a model: <c>model.json</c> with options and class names, <c>weights.safetensors</c> with the network and stored draws.</summary>
internal static class ModelFile
{
    /// <summary>The name of the description.</summary>
    public const string DescriptionName = "model.json";

    /// <summary>The name of the weights.</summary>
    public const string WeightsName = "weights.safetensors";

    private const string DrawsName = "draws";

    /// <summary>Writes the weights.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="model">The model.</param>
    public static void WriteWeights(Stream stream, StoredModel model)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var values = model.Network.Weights.Values.Select(weight => KeyValuePair.Create(weight.Key, weight.Value));
        if (model.Options.Draws > 0)
        {
            values = values.Append(KeyValuePair.Create(DrawsName, model.Starts.ToTensor()));
        }

        SafeTensors.Write(stream, [.. values]);
    }

    /// <summary>Reads the weights of a described model.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="description">The description, already read.</param>
    /// <param name="device">Where the weights shall be once they are tensors.</param>
    /// <exception cref="FormatException">The weights are damaged or do not fit the description.</exception>
    public static StoredModel ReadWeights(Stream stream, ModelDescription description, Lazy<Device> device)
    {
        var stored = Tensors(stream);
        var network = new Denoiser(Weights.Stored(stored, device), description.Options, description.Shape, description.Classes);
        try
        {
            var starts = Starts(stored, description, network);
            return new StoredModel(description.Options, description.Shape, description.Classes, description.Keys, description.Seed, network, starts);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static IReadOnlyDictionary<string, HostTensor> Tensors(Stream stream)
    {
        try
        {
            return SafeTensors.ReadSingles(stream);
        }
        catch (FormatException fault)
        {
            throw new FormatException($"The file '{WeightsName}' of the model is damaged ({fault.Message.TrimEnd('.')}). Train and save the model again.", fault);
        }
    }

    private static HostTensor Starts(IReadOnlyDictionary<string, HostTensor> stored, ModelDescription description, Denoiser network)
    {
        var (draws, dimension) = (description.Options.Draws, network.Embedding.Dimension);
        if (draws == 0)
        {
            return Start.Points(0, dimension, new RandomStreams(description.Seed));
        }

        var rows = draws * (1L + PlanCompiler.For(network, description.Options).NoiseCount);
        return stored.TryGetValue(DrawsName, out var starts) && starts.Shape.SequenceEqual([rows, dimension]) && starts.IsFinite()
            ? starts
            : throw new FormatException($"The model file must hold {rows} stored draws of {dimension} values, but does not; it is damaged. Train and save the model again.");
    }
}
