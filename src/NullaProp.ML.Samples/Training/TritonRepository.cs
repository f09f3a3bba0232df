using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// A model repository of NVIDIA's Triton Inference Server: <c>NAME/config.pbtxt</c>, <c>NAME/labels.txt</c> and <c>NAME/1/model.onnx</c>.
/// </summary>
internal static class TritonRepository
{
    private const int LargestBatch = 256;
    private const string Labels = "labels.txt";
    private const string Configuration = "config.pbtxt";
    private const string MarkStart = "# Written by NullaProp.ML, unless changed: ";

    /// <summary>
    /// Refuses the folder of a model that this program did not write: by its network, or by its configuration where there is none, or
    /// by any file where there is neither.
    /// </summary>
    /// <param name="folder">The repository.</param>
    /// <param name="onnxPath">The file by which the model is called; it need not be there yet.</param>
    /// <exception cref="UserMistakeException">It holds somebody else's model.</exception>
    public static void RequireOwn(string folder, string onnxPath)
    {
        var model = ModelFolder(folder, onnxPath);
        var configuration = Path.Combine(model, Configuration);
        var isForeign = File.Exists(NetworkPath(model)) ? !Is(NetworkPath(model), OutputKind.Onnx.Is)
            : File.Exists(configuration) ? !Is(configuration, IsMarked)
            : HasFiles(model);
        if (isForeign)
        {
            throw new UserMistakeException(
                $"The folder '{model}' holds a model that this program did not write, and that would be lost. Name another repository "
                + "with --triton, or call the ONNX file otherwise, for the model has its name.");
        }
    }

    /// <summary>Writes the folder of a model. A configuration and labels that were changed by hand stay.</summary>
    /// <param name="folder">The repository, which may hold other models.</param>
    /// <param name="onnxPath">The file, which is copied; the model has its name.</param>
    /// <returns>The folder of the model.</returns>
    /// <exception cref="UserMistakeException">The folder is not this program's, or cannot be written.</exception>
    public static string Write(string folder, string onnxPath)
    {
        var model = ModelFolder(folder, onnxPath);
        try
        {
            RequireOwn(folder, onnxPath);
            Directory.CreateDirectory(Path.GetDirectoryName(NetworkPath(model))!);
            using var session = new InferenceSession(onnxPath);
            var before = LabelsOf(NetworkPath(model));
            // All three are on the disk before the first takes its place: the labels of one model beside another would be wrong answers.
            OutputFile.Replace(NetworkPath(model), network =>
            {
                using (var file = File.OpenRead(onnxPath))
                    file.CopyTo(network);
                network.Flush();
                WriteLabels(Path.Combine(model, Labels), LabelsOf(session), before, () =>
                    WriteConfig(Path.Combine(model, Configuration), Config(Path.GetFileName(model), session)));
            });
            return model;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The model repository '{folder}' cannot be written: {exception.Message}", exception);
        }
    }

    private static string ModelFolder(string folder, string onnxPath) =>
        Path.Combine(folder, Path.GetFileNameWithoutExtension(onnxPath));

    private static string NetworkPath(string model) => Path.Combine(model, "1", "model.onnx");

    private static bool Is(string path, Func<Stream, bool> isOwn)
    {
        using var file = File.OpenRead(path);
        return isOwn(file);
    }

    // What this program left when it was killed is nobody's, and so are notes of the system such as .DS_Store.
    private static bool HasFiles(string folder) =>
        Directory.Exists(folder)
        && Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any(file => !Path.GetFileName(file).StartsWith('.'));

    private static bool IsMarked(Stream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        return reader.ReadLine()?.StartsWith(MarkStart, StringComparison.Ordinal) == true;
    }

    private static string LabelsOf(InferenceSession session) => string.Concat(
        JsonSerializer.Deserialize<string[]>(session.ModelMetadata.CustomMetadataMap["class_names"])!
            .Select(label => label.ReplaceLineEndings(" ") + "\n"));

    // None where there is no network, or one that cannot be loaded.
    private static string? LabelsOf(string network)
    {
        try
        {
            using var session = File.Exists(network) ? new InferenceSession(network) : null;
            return session is null ? null : LabelsOf(session);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or KeyNotFoundException or JsonException)
        {
            return null;
        }
    }

    // Names are translated by hand there, for one.
    private static void WriteLabels(string path, string labels, string? before, Action andThen)
    {
        if (File.Exists(path) && File.ReadAllText(path) is var found && found != before && found != labels)
        {
            CommandExecution.PrintWarning(
                $"The file '{path}' was changed by hand and stays as it is, also where the model has other classes now. Delete it, and "
                + "give the command again, to have it written anew.");
            andThen();
            return;
        }

        OutputFile.Replace(path, text =>
        {
            text.Write(Encoding.UTF8.GetBytes(labels));
            text.Flush();
            andThen();
        });
    }

    // Batching and instances are tuned by hand there. The first line tells whether that was done.
    private static void WriteConfig(string path, string config)
    {
        if (!File.Exists(path) || IsUnchanged(File.ReadAllText(path)))
            OutputFile.Replace(path, Mark(config) + config);
        else
        {
            CommandExecution.PrintWarning(
                $"The file '{path}' was changed by hand and stays as it is, also where the model has other inputs or outputs now. Delete "
                + "it, and give the command again, to have it written anew.");
        }
    }

    private static bool IsUnchanged(string file) =>
        file.IndexOf('\n') is var end and >= 0 && file[..(end + 1)] == Mark(file[(end + 1)..]);

    private static string Mark(string config) =>
        $"{MarkStart}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(config)))}\n";

    private static string Config(string name, InferenceSession session)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"name: {Quoted(name)}\nplatform: \"onnxruntime_onnx\"\n")
            .Append(CultureInfo.InvariantCulture, $"max_batch_size: {LargestBatch}\ndynamic_batching {{ }}\n");
        foreach (var (input, values) in session.InputMetadata)
            text.Append(CultureInfo.InvariantCulture, $"input [ {{ {Tensor(input, values)} }} ]\n");

        var scores = new OnnxExport().ScoreName;
        foreach (var (output, values) in session.OutputMetadata)
        {
            var labels = output == scores ? $" label_filename: {Quoted(Labels)}" : "";
            text.Append(CultureInfo.InvariantCulture, $"output [ {{ {Tensor(output, values)}{labels} }} ]\n");
        }

        return text.ToString();
    }

    // Without the first dimension, the batch; Triton wants one all the same where nothing is left.
    private static string Tensor(string name, NodeMetadata values)
    {
        var type = values.ElementDataType switch
        {
            TensorElementType.UInt8 => "TYPE_UINT8",
            TensorElementType.Int64 => "TYPE_INT64",
            _ => "TYPE_FP32",
        };
        int[] sizes = values.Dimensions[1..];
        var shape = sizes.Length == 0 ? "dims: [ 1 ] reshape { shape: [ ] }" : $"dims: [ {string.Join(", ", sizes)} ]";
        return $"name: {Quoted(name)} data_type: {type} {shape}";
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text); // the same escapes
}
