using System.Runtime.InteropServices;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// What a training of a module of the user's goes on from beside its weights: the buffers of whole numbers, such as the batches that a
/// batch normalisation has seen, which no model holds; and what the module makes of two images that are always the same, by which another
/// module is told.
/// </summary>
/// <param name="backbone">The module.</param>
/// <param name="module">The same, with its buffers.</param>
/// <param name="scope">What the names start with.</param>
/// <param name="shape">The size of the images.</param>
/// <param name="device">Where the module is.</param>
internal sealed class ModuleState(
    CustomBackbone backbone, nn.Module<Tensor, Tensor> module, string scope, ImageShape shape, Device device)
{
    private const string Features = "features of the trial"; // no name of a buffer
    private const double Rounding = 5e-3; // of another device, with products of 10 bits

    private IEnumerable<(string Name, Tensor Value)> Counters =>
        module.named_buffers().Where(one => is_integral(one.buffer.dtype)).Select(one => (NameOf(one.name), one.buffer));

    /// <summary>Returns the state by name; buffers byte by byte, for single precision does not hold all whole numbers.</summary>
    public IReadOnlyDictionary<string, HostTensor> All()
    {
        using var disposing = NewDisposeScope();
        using var mode = no_grad();
        var state = Counters.ToDictionary(one => one.Name, one => Bytes(one.Value), StringComparer.Ordinal);
        state.Add(NameOf(Features), HostTensor.Of(Trial()));
        return state;
    }

    /// <summary>Takes a state over, once the module has the weights that belong to it.</summary>
    /// <param name="state">What <see cref="All"/> returned.</param>
    /// <returns>In a sentence, why it is that of another module; <see langword="null"/> where it is not.</returns>
    public string? Take(IReadOnlyDictionary<string, HostTensor> state)
    {
        using var disposing = NewDisposeScope();
        using var mode = no_grad();
        foreach (var (name, counter) in Counters)
        {
            if (!state.TryGetValue(name, out var bytes) || bytes.Values.Length != counter.numel() * counter.element_size())
            {
                return $"the buffer '{name}' is another one.";
            }

            SetBytes(counter, bytes);
        }

        return state.TryGetValue(NameOf(Features), out var before) && IsSame(Trial(), before.ToTensor())
            ? null
            : $"the module of the backbone '{backbone.Name}' makes something else of the same image with the same weights.";
    }

    // (2, F)
    private Tensor Trial()
    {
        var stream = new RandomStreams(seed: 0).Of($"trial/{scope}"); // of no generator of torch's: a GPU's would give other images
        var images = stream.Uniform([2, shape.Channels, shape.Height, shape.Width], ScalarType.Float32);
        return backbone.Maps(images.to(device), training: null).cpu();
    }

    // Features that are no numbers tell nothing.
    private static bool IsSame(Tensor now, Tensor before) => now.shape.SequenceEqual(before.shape)
        && (!before.isfinite().all().item<bool>()
            || now.sub(before).norm().item<float>() <= (Rounding * before.norm().item<float>()) + float.Epsilon);

    private static HostTensor Bytes(Tensor counter)
    {
        var bytes = counter.cpu().contiguous().bytes;
        var values = new float[bytes.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = bytes[i];
        }

        return new HostTensor([values.Length], values);
    }

    private static void SetBytes(Tensor counter, HostTensor bytes)
    {
        var host = counter.cpu().contiguous().clone();
        Array.ConvertAll(bytes.Values, value => (byte)value).CopyTo(MemoryMarshal.AsBytes(host.bytes));
        counter.copy_(host);
    }

    private string NameOf(string part) => $"{scope}.{part}";
}
