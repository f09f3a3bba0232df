using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;

namespace NullaProp.ML.Storage;

/// <summary>
/// The two files of a checkpoint: <c>training.safetensors</c> with weights and the optimizer's means, and <c>training.json</c>, written
/// last, with the fingerprint, the place, the hash of the tensors and its own.
/// </summary>
internal static class CheckpointFile
{
    private const string TensorsName = "training.safetensors";
    private const string DescriptionName = "training.json";
    private const string Format = "1";
    private const long LargestData = 4 * SafeTensors.LargestData; // weights, the optimizer's two means, and the best epoch's weights

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Writes a checkpoint, down to the disk.</summary>
    /// <param name="folder">The folder, which is there and empty.</param>
    /// <param name="fingerprint">What the training depends on.</param>
    /// <param name="state">How it stands.</param>
    public static void Write(string folder, TrainingFingerprint fingerprint, TrainingState state)
    {
        var hash = string.Empty;
        WriteFile(Path.Combine(folder, TensorsName), stream =>
        {
            using var hashed = new HashedStream(stream);
            SafeTensors.Write(
                hashed,
                [.. state.Tensors.Select(tensor => new NamedTensor(tensor.Key, tensor.Value.Shape, () => tensor.Value))],
                LargestData);
            hash = hashed.Hash();
        });
        var json = new JsonObject
        {
            ["format"] = Format,
            ["tensorsSha256"] = hash,
            ["epoch"] = state.Place.Epoch,
            ["pass"] = state.Place.Pass,
            ["step"] = state.Place.Step,
            ["elapsedSeconds"] = state.Elapsed.TotalSeconds,
            ["lowestLogLoss"] = double.IsFinite(state.Lowest) ? state.Lowest : null,
            ["epochsSinceLowest"] = state.Waited,
            ["optimizerSteps"] = JsonSerializer.SerializeToNode(state.Moments),
            ["fingerprint"] = fingerprint.ToJson(),
        };
        var signed = new JsonObject { ["sha256"] = Hash(json), ["training"] = json };
        WriteFile(Path.Combine(folder, DescriptionName), stream => JsonSerializer.Serialize(stream, signed, Json));
    }

    /// <summary>Reads what the training of a checkpoint depends on, and where it stood.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <exception cref="FormatException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read at this moment.</exception>
    public static (TrainingFingerprint Fingerprint, TrainingPlace Place) ReadDescription(string folder) => Guarded(folder, () =>
    {
        var json = Parse(folder);
        return (TrainingFingerprint.Read(json["fingerprint"]!), Place(json));
    });

    /// <summary>Reads how the training of a checkpoint stood.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <exception cref="FormatException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read at this moment.</exception>
    public static TrainingState ReadState(string folder) => Guarded(folder, () =>
    {
        var json = Parse(folder);
        return new TrainingState(
            Place(json),
            TimeSpan.FromSeconds((double)json["elapsedSeconds"]!),
            (double?)json["lowestLogLoss"] ?? double.PositiveInfinity,
            (int)json["epochsSinceLowest"]!,
            json["optimizerSteps"].Deserialize<Dictionary<string, int>>()!,
            ReadTensors(Path.Combine(folder, TensorsName), (string)json["tensorsSha256"]!));
    });

    private static JsonObject Parse(string folder)
    {
        var signed = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, DescriptionName))) as JsonObject;
        if (signed?["training"] is not JsonObject json || (string?)signed["sha256"] != Hash(json))
        {
            throw new FormatException($"'{DescriptionName}' is not the file that was written");
        }

        return (string?)json["format"] == Format
            ? json
            : throw new FormatException($"its format is '{json["format"]}', but this version reads '{Format}'");
    }

    // Of the text without its layout, so that every character counts.
    private static string Hash(JsonObject json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json.ToJsonString())));

    private static TrainingPlace Place(JsonNode json) => new((int)json["epoch"]!, (int)json["pass"]!, (int)json["step"]!);

    private static Dictionary<string, HostTensor> ReadTensors(string path, string expected)
    {
        using var stream = File.OpenRead(path);
        using var hashed = new HashedStream(stream);
        var header = SafeTensors.ReadHeader(hashed, largestData: LargestData);
        var tensors = SafeTensors.ReadTensors(hashed, header, static _ => true).ToDictionary();
        return hashed.Hash() == expected ? tensors : throw new FormatException($"'{TensorsName}' is not the file that was written");
    }

    // Whatever is wrong with a file that lay on a disk: one kind of exception, one sentence. A disk or a permission may be mended.
    private static T Guarded<T>(string folder, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault
            is FormatException or JsonException or InvalidOperationException
            or FileNotFoundException or DirectoryNotFoundException or EndOfStreamException)
        {
            // .NET quotes the rest of the text
            var why = fault is JsonException ? $"'{DescriptionName}' is no JSON" : fault.Message.TrimEnd('.');
            throw new FormatException($"The checkpoint '{folder}' is damaged ({why}).", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The checkpoint '{folder}' cannot be read: {fault.Message.TrimEnd('.')}. Mend that, and run the same training again; all "
                    + "checkpoints stay as they are.",
                fault);
        }
    }

    private static void WriteFile(string path, Action<Stream> write)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        write(stream);
        stream.Flush(flushToDisk: true);
    }
}
