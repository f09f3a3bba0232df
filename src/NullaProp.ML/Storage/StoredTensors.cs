using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>The content of a safetensors file. It owns the tensors that nobody took.</summary>
/// <param name="tensors">The tensors, which now belong to this object.</param>
/// <param name="metadata">The file's free texts by name.</param>
internal sealed class StoredTensors(OrderedDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata) : IDisposable
{
    /// <summary>The tensors that nobody took yet, in the order of their data: on the CPU and in no dispose scope.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => tensors;

    /// <summary>The file's free texts by name; empty if it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Takes a tensor out: from here on it belongs to the caller.</summary>
    /// <exception cref="FormatException">The file has no tensor of that name, or somebody took it before.</exception>
    public Tensor Take(string name)
    {
        if (!tensors.Remove(name, out var tensor))
            throw new FormatException($"The safetensors data has no tensor '{name}' left among its {tensors.Count}, but it is needed.");
        return tensor;
    }

    /// <summary>Disposes the tensors that nobody took.</summary>
    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
            tensor.Dispose();
        tensors.Clear();
    }
}
