using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>
/// The two files of a model: <c>model.json</c> with options and class names, <c>weights.safetensors</c> with the network and stored draws.
/// The description holds the hash of the weights, and ML.NET's header that of the description, so that a model is read as it was saved or
/// not at all.
/// </summary>
internal static class ModelFile
{
    /// <summary>The name of the description.</summary>
    public const string DescriptionName = "model.json";

    /// <summary>The name of the weights.</summary>
    public const string WeightsName = "weights.safetensors";

    /// <summary>
    /// Gets the version of this library, as of its package: that of the assembly stays the same, so that old models keep loading.
    /// </summary>
    public static string LibraryVersion { get; } =
        typeof(ModelFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private const string DrawsName = "draws";
    private const int LongestDescription = 16 << 20; // bytes; a description has some thousands
    private const int HeaderSlack = 4096; // bytes: free texts and spaces

    /// <summary>Writes the weights.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="model">The model.</param>
    /// <returns>Their hash.</returns>
    /// <exception cref="InvalidOperationException">The model is broken: it would be refused when it is loaded.</exception>
    public static string WriteWeights(Stream stream, StoredModel model) =>
        Write(stream, model, Draws(model.Options, model.Starts.Shape, () => model.Starts));

    /// <summary>Returns a hash of a model's parameters. How it scores changes none of them.</summary>
    /// <param name="model">The model.</param>
    public static string HashOf(StoredModel model) => Write(Stream.Null, model, []);

    private static string Write(Stream stream, StoredModel model, IEnumerable<NamedTensor> draws)
    {
        if (BrokenModel.Fault(model.Network, model.Options) is { } fault)
        {
            throw Unsaved(fault);
        }

        using var hashed = new HashedStream(stream);
        var weights =
            model.Network.Weights.All.Select(weight => new NamedTensor(
                weight.Key,
                weight.Value.Shape,
                () => Finite(weight.Key, weight.Value.Host())));
        SafeTensors.Write(hashed, [.. weights, .. draws]);
        return hashed.Hash();
    }

    /// <summary>Writes the description.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="model">The model.</param>
    /// <param name="weightsHash">What <see cref="WriteWeights"/> returned.</param>
    /// <returns>Its hash, for the model's header.</returns>
    /// <exception cref="InvalidOperationException">The names of the classes are too long.</exception>
    public static byte[] WriteDescription(Stream stream, StoredModel model, string weightsHash)
    {
        byte[] json = BytesOf(model with { WeightsHash = weightsHash });
        stream.Write(json);
        return SHA256.HashData(json);
    }

    /// <summary>Returns a description as it goes into the file.</summary>
    /// <param name="description">The description.</param>
    /// <exception cref="InvalidOperationException">The names of the classes are too long, or no text.</exception>
    public static byte[] BytesOf(ModelDescription description)
    {
        foreach (var name in (description.Keys?.Names ?? []).Concat(description.SlotNames).Where(name => !OptionsValidator.IsText(name)))
        {
            throw new InvalidOperationException(
                $"The name '{name}' of a class, or of a slot of the feature column, holds a surrogate without its other half, which no "
                    + "file keeps as it is. Give it another name.");
        }

        using var json = new MemoryStream();
        description.Write(json);
        return json.Length <= LongestDescription
            ? json.ToArray()
            : throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The description of the model takes {json.Length:N0} bytes, but may take {LongestDescription:N0}: give the classes, or ")
                + "the slots of the feature column, shorter names.");
    }

    /// <summary>Returns in a sentence how much too large the weights are for a file; <see langword="null"/> where they fit.</summary>
    /// <param name="network">The network, or one of several of the same size.</param>
    /// <param name="parts">How many there are.</param>
    public static string? Excess(Denoiser network, int parts)
    {
        long[] counts = [.. network.Weights.All.Select(weight => weight.Value.Count)];
        var bytes = (Int128)counts.Sum() * ElementType.Single.Size * parts;
        return bytes > SafeTensors.LargestData
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"its weights would take {bytes:N0} bytes, but may take at most {SafeTensors.LargestData:N0}.")
            : counts.Max() is var most && most > Weights.MostNumbers
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"one of its weights would have {most:N0} numbers, but may have at most {Weights.MostNumbers:N0}.")
            : null;
    }

    /// <summary>Reads the description.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="hash">Its hash by the model's header.</param>
    /// <exception cref="FormatException">It is damaged, or not the one that was saved.</exception>
    public static ModelDescription ReadDescription(Stream stream, ReadOnlySpan<byte> hash)
    {
        var json = new byte[LongestDescription + 1 > stream.Length ? stream.Length : LongestDescription + 1];
        var length = stream.ReadAtLeast(json, json.Length, throwOnEndOfStream: false);
        if (length > LongestDescription)
        {
            throw new FormatException(
                $"The file '{DescriptionName}' of the model is longer than {LongestDescription} bytes; it is damaged. Train and save "
                    + "the model again.");
        }

        return SHA256.HashData(json.AsSpan(0, length)).AsSpan().SequenceEqual(hash)
            ? ModelDescription.Read(json.AsMemory(0, length))
            : throw new FormatException(
                $"The file '{DescriptionName}' of the model is not the one that was saved: it was edited or is damaged. " +
                "Change how a model scores with NoPropTransformer.WithSampling, anything else by training; restore the file otherwise.");
    }

    /// <summary>Reads the weights of a described model. What the file must hold is known from the description, and the rest is refused
    /// before it is read.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="description">The description, already read.</param>
    /// <param name="device">Where the weights shall be once they are tensors.</param>
    /// <exception cref="FormatException">The weights are damaged, do not fit the description, or are not those that were
    /// saved.</exception>
    public static StoredModel ReadWeights(Stream stream, ModelDescription description, Lazy<Device> device)
    {
        var (options, network) =
            (description.Options, new Denoiser(Weights.Promised(device), description.Options, description.Shape, description.Classes));
        try
        {
            using var hashed = new HashedStream(stream);
            var starts =
                Fill(network, hashed, options) ?? PriorDraws.Of(0, network.Embedding.Dimension, new RandomStreams(description.Seed));
            if (!string.Equals(hashed.Hash(), description.WeightsHash, StringComparison.OrdinalIgnoreCase))
            {
                throw new FormatException(
                    $"The file '{WeightsName}' of the model is not the one that was saved with '{DescriptionName}': it was changed or "
                        + "is damaged. Restore it, or train and save the model again.");
            }

            if (BrokenModel.Fault(network, options) is { } fault)
            {
                throw new FormatException($"The model is broken: {fault} Train and save the model again.");
            }

            return new StoredModel(description, network, starts);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    // Returns the stored draws, if there are any.
    private static HostTensor? Fill(Denoiser network, Stream stream, NoPropOptions options)
    {
        var expected = Expected(network, options);
        HostTensor? starts = null;
        try
        {
            var header = SafeTensors.ReadHeader(stream, (4 * SafeTensorsHeader.Of(expected).ToBytes().Length) + HeaderSlack);
            Compare(expected, header, options);
            foreach (var (name, value) in SafeTensors.ReadTensors(stream, header, static _ => true))
            {
                if (!value.IsFinite())
                {
                    throw new FormatException($"the weight '{name}' holds NaN or infinity");
                }

                if (name == DrawsName)
                {
                    starts = value;
                }
                else
                {
                    network.Weights.Take(name, value);
                }
            }

            return starts;
        }
        catch (FormatException fault)
        {
            throw new FormatException(
                $"The file '{WeightsName}' of the model is damaged ({fault.Message.TrimEnd('.')}). Train and save the model again.",
                fault);
        }
    }

    private static List<NamedTensor> Expected(Denoiser network, NoPropOptions options)
    {
        if (Excess(network, parts: 1) is { } tooLarge)
        {
            throw new FormatException($"The model cannot be read: {tooLarge}");
        }

        var plan = PlanCompiler.Outline(network, options);
        if (plan.Excess(options.Sampling.Draws, network.Embedding.Dimension, network.ClassCount, options.HiddenSize) is { } excess)
        {
            throw new FormatException($"The model cannot be read: {excess}");
        }

        long[] draws = [options.Sampling.Draws * (1L + plan.StoredNoises), network.Embedding.Dimension];
        return
        [
            .. network.Weights.All.Select(weight => new NamedTensor(weight.Key, weight.Value.Shape, weight.Value.Host)),
            .. Draws(options, draws, static () => throw new InvalidOperationException("Stored draws are only read.")),
        ];
    }

    private static void Compare(List<NamedTensor> expected, SafeTensorsHeader header, NoPropOptions options)
    {
        var found = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        foreach (var (name, shape, _) in expected)
        {
            if (!found.Remove(name, out var entry))
            {
                throw new FormatException(Of(name, options, "is missing"));
            }

            if (!entry.Shape.SequenceEqual(shape) || entry.Type != ElementType.Single)
            {
                throw new FormatException(Of(
                    name,
                    options,
                    $"is {entry.Type.Name} of shape ({string.Join(", ", entry.Shape)}), but must be {ElementType.Single.Name} of shape "
                        + $"({string.Join(", ", shape)})"));
            }
        }

        if (found.Count > 0)
        {
            throw new FormatException(Of(TensorEntry.Quoted(found.Keys.First())[1..^1], options, "is not one of this model's"));
        }
    }

    private static string Of(string name, NoPropOptions options, string fault)
    {
        var owner = options.Backbone == NoPropBackbone.Custom && CustomBackbone.IsWeight(name)
            ? $"the module that is registered as backbone '{options.BackboneName}' is not the one that the model was trained with: "
            : string.Empty;
        return $"{owner}the weight '{name}' {fault}";
    }

    private static IEnumerable<NamedTensor> Draws(NoPropOptions options, long[] shape, Func<HostTensor> values) =>
        options.Sampling.Draws > 0 ? [new NamedTensor(DrawsName, shape, values)] : [];

    private static HostTensor Finite(string name, HostTensor values) =>
        values.IsFinite() ? values : throw Unsaved($"the weight '{name}' holds NaN or infinity.");

    private static InvalidOperationException Unsaved(string fault) => new(
        $"The model is broken and cannot be saved: {fault} Train it again, with a lower learning rate.");
}
