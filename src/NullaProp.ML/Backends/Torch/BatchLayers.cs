using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// Layers of an image network that begins with convolutions, for a batch on the CPU: in managed memory, some images at a time on as many
/// cores as libtorch may use, for convolutions take fewer products there (<see cref="WinogradConvolution"/>).
/// </summary>
/// <threadsafety>Any number of threads may use one.</threadsafety>
internal sealed class BatchLayers
{
    private const int ValuesAtOnce = 8192; // of images that one core takes: so many that handing them out costs nothing
    private const int MostAtOnce = 8;
    private const int MostRows = 16; // that a linear layer's matrix is read for
    private const int MostValues = 1 << 20; // of theirs, which each core keeps

    private readonly ManagedLayers _convolutions;
    private readonly List<StripLinear?> _rest = []; // linear layers, and ReLU where there is none
    private readonly ConcurrentBag<Memory> _spareMemory = [];
    private readonly int _pixels;
    private readonly int _imagesAtOnce;
    private readonly int _features;

    /// <summary>Copies the weights of a network.</summary>
    /// <param name="layers">The network's layers: convolutions first, then linear ones and ReLU.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="scaling">What raw pixels are reduced by and multiplied with; none where they are normalised already.</param>
    public BatchLayers(IReadOnlyList<BackboneLayer> layers, ImageShape shape, PixelNormalization? scaling = null)
    {
        BackboneLayer[] convolutions = [.. layers.TakeWhile(layer => layer is not BackboneLayer.Dense)];
        var (mean, scale) = scaling is null
            ? (new float[shape.Channels], [.. Enumerable.Repeat(1f, shape.Channels)])
            : (scaling.Mean.Host().Values, scaling.Scale.Host().Values);
        (_pixels, _convolutions) = (shape.Size, new ManagedLayers(convolutions, shape, (mean, scale), Environment.ProcessorCount));
        var maps = _convolutions.Output;
        var channels = maps is { Height: 1, Width: 1 } ? 1 : maps.Channels; // they write pixel by pixel
        foreach (var layer in layers.Skip(convolutions.Length))
        {
            _rest.Add(layer is BackboneLayer.Dense dense ? new StripLinear(dense.Layer, channels) : null);
            channels = 1;
        }

        _features = _rest.OfType<StripLinear>().LastOrDefault()?.Outputs ?? maps.Length;
        _imagesAtOnce = _rest.Count > 0
            ? Math.Clamp(MostValues / maps.Length, StripKernels.Rows, MostRows)
            : Math.Clamp(ValuesAtOnce / shape.Size, 1, MostAtOnce);
    }

    /// <summary>Returns what the convolutions make of images, where no linear layers follow.</summary>
    /// <param name="images">Images, (B, C, H, W), on the CPU.</param>
    /// <returns>Maps, (B, channels, height, width).</returns>
    public Tensor Maps(Tensor images)
    {
        var maps = _convolutions.Output;
        return Features(images).view(-1, maps.Height, maps.Width, maps.Channels).permute(0, 3, 1, 2);
    }

    /// <summary>Returns the features of images.</summary>
    /// <param name="images">Images, (B, C, H, W), on the CPU.</param>
    /// <returns>Features, (B, F); maps pixel by pixel where no linear layer follows the convolutions.</returns>
    public Tensor Features(Tensor images)
    {
        var rows = (int)images.shape[0];
        var pixels = images.contiguous();
        var features = empty([rows, _features], dtype: ScalarType.Float32, device: CPU);
        var threads = Math.Min(get_num_threads(), Environment.ProcessorCount); // libtorch knows of no quota
        var rounds = 1 + ((rows - 1) / (threads * _imagesAtOnce));
        var atOnce = Math.Max(1, 1 + ((rows - 1) / (threads * rounds))); // as many for each thread
        var groups = (rows + atOnce - 1) / atOnce;
        if (groups == 1) // whose layers other threads may compute with this one
        {
            _spareMemory.Add(Compute(0, NewOrSpare()));
            return features;
        }

        Parallel.For(
            0,
            groups,
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            NewOrSpare,
            (group, _, memory) => Compute(group, memory),
            _spareMemory.Add);
        return features;

        Memory Compute(int group, Memory memory)
        {
            var (first, count) = (group * atOnce, Math.Min(atOnce, rows - (group * atOnce)));
            var own = MemoryMarshal.Cast<byte, float>(pixels.bytes).Slice(first * _pixels, count * _pixels);
            Forward(own, memory, threads, MemoryMarshal.Cast<byte, float>(features.bytes).Slice(first * _features, count * _features));
            return memory;
        }
    }

    private Memory NewOrSpare()
    {
        if (_spareMemory.TryTake(out var memory))
        {
            return memory;
        }

        var widest = _rest.OfType<StripLinear>().Select(layer => layer.Width).DefaultIfEmpty().Max();
        var read = _rest.Count > 0 ? Math.Max(widest, _convolutions.Output.Length) : 0;
        return new Memory(_convolutions.NewTeam(), new float[_imagesAtOnce * read], new float[_imagesAtOnce * widest]);
    }

    private void Forward(ReadOnlySpan<float> images, Memory memory, int threads, Span<float> features)
    {
        var (count, width) = (images.Length / _pixels, _convolutions.Output.Length);
        Span<float> x = _rest.Count > 0 ? memory.Read : features;
        for (var row = 0; row < count; row++)
        {
            _convolutions.Forward(images.Slice(row * _pixels, _pixels), memory.Team, threads).CopyTo(x[(row * width)..]);
        }

        if (_rest.Count == 0)
        {
            return;
        }

        Span<float> y = memory.Written;
        foreach (var layer in _rest)
        {
            if (layer is null)
            {
                TensorPrimitives.Max(x[..(count * width)], 0f, x);
                continue;
            }

            layer.Forward(x, width, Math.Max(StripKernels.Rows, count), y);
            width = layer.Width;
            var next = y;
            y = x;
            x = next;
        }

        for (var row = 0; row < count; row++)
        {
            x.Slice(row * width, _features).CopyTo(features[(row * _features)..]);
        }
    }

    // The convolutions' own; and, by turns, what a linear layer reads and writes.
    private sealed record Memory(ThreadTeam Team, float[] Read, float[] Written);
}
