using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Storage;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>The file that <see cref="NoPropOptions.BackboneWeightsPath"/> names, in memory.</summary>
internal sealed class PretrainedFile : IDisposable
{
    private const string Prefix = "backbone.";

    private readonly string _path;
    private readonly Dictionary<string, Tensor> _tensors;

    private PretrainedFile(string path, Dictionary<string, Tensor> tensors)
    {
        (_path, _tensors) = (path, tensors);
        Weights = new BackboneStart(tensors);
    }

    /// <summary>Gets the backbone's weights.</summary>
    public BackboneStart Weights { get; }

    /// <summary>Reads the file, if the options name one.</summary>
    /// <param name="path">The file's path, or <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">There is no such file, or it is no safetensors file.</exception>
    public static PretrainedFile? Read(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using var scope = NewDisposeScope();
            using var stream = File.OpenRead(path);
            using var stored = SafeTensors.Read(stream);
            return new PretrainedFile(path, Backbone(stored.Tensors));
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw Marked.Exception(new InvalidOperationException(
                $"The file '{path}' of {nameof(NoPropOptions.BackboneWeightsPath)} cannot be read ({fault.Message.TrimEnd('.')}), but must be a safetensors file. Save the weights again with safetensors.torch.save_file(model.state_dict(), …).", fault));
        }
    }

    /// <summary>Checks that a model found all it needs, after it asked.</summary>
    /// <param name="warn">Hears of a first convolution that did not fit.</param>
    /// <exception cref="InvalidOperationException">Weights do not fit.</exception>
    public void CheckUse(Action<string> warn)
    {
        if (Weights.Faults() is { Count: > 0 } faults)
        {
            const int most = 5;
            var rest = faults.Count > most ? $", and {faults.Count - most} more" : string.Empty;
            throw new InvalidOperationException(
                $"The file '{_path}' of {nameof(NoPropOptions.BackboneWeightsPath)} does not fit the backbone: {string.Join(", ", faults.Take(most))}{rest}. Choose the {nameof(NoPropOptions.Backbone)} that the file was made from.");
        }

        if (Weights.Warning is { } warning)
        {
            warn($"The file '{_path}' of {nameof(NoPropOptions.BackboneWeightsPath)} has another stem: {warning}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }

    // A file of nothing but a backbone, or one of a whole model of this library.
    private static Dictionary<string, Tensor> Backbone(IReadOnlyDictionary<string, Tensor> stored)
    {
        var isWhole = stored.Keys.Any(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        return stored
            .Where(pair => !isWhole || pair.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(pair => (Name: isWhole ? pair.Key[Prefix.Length..] : pair.Key, pair.Value))
            .Where(pair => !pair.Name.StartsWith("fc.", StringComparison.Ordinal) && !pair.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(pair => pair.Name, pair => Single(pair.Name, pair.Value));
    }

    private static Tensor Single(string name, Tensor value)
    {
        var single = value.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
        return single.isfinite().all().item<bool>() ? single : throw new FormatException($"'{name}' holds NaN or infinity");
    }
}
