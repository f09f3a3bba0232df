using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// An image network of convolutions for a batch on the CPU: these in managed memory, image by image on as many cores as libtorch may use,
/// for they take fewer products there (<see cref="WinogradConvolution"/>); the linear layers behind them, if there are any, in libtorch.
/// </summary>
/// <threadsafety>Any number of threads may use one.</threadsafety>
internal sealed class BatchConvolutions : IDisposable
{
    private const int ValuesAtOnce = 8192; // of images that one core takes: so many that handing them out costs nothing

    private readonly ManagedLayers _convolutions;
    private readonly List<(Tensor Matrix, Tensor Bias)?> _rest = []; // linear layers, (inputs, outputs) and (outputs), or ReLU
    private readonly ConcurrentBag<float[][]> _spareMemory = [];
    private readonly int _pixels;
    private readonly int _imagesAtOnce;

    /// <summary>Copies the weights of a network.</summary>
    /// <param name="layers">The network's layers: convolutions first, then linear ones and ReLU.</param>
    /// <param name="shape">The size of the images.</param>
    public BatchConvolutions(IReadOnlyList<BackboneLayer> layers, ImageShape shape)
    {
        BackboneLayer[] convolutions = [.. layers.TakeWhile(layer => layer is not BackboneLayer.Dense)];
        var scaling = (new float[shape.Channels], Enumerable.Repeat(1f, shape.Channels).ToArray()); // it is done
        (_pixels, _convolutions) = (shape.Size, new ManagedLayers(convolutions, shape, scaling));
        _imagesAtOnce = Math.Clamp(ValuesAtOnce / shape.Size, 1, 8);
        var channels = _convolutions.Output is { Height: 1, Width: 1 } ? 1 : _convolutions.Output.Channels; // they write pixel by pixel
        foreach (var layer in layers.Skip(convolutions.Length))
        {
            _rest.Add(layer is BackboneLayer.Dense dense ? (Matrix(dense.Layer.Weight, channels), Own(dense.Layer.Bias)) : null);
            channels = 1;
        }
    }

    /// <summary>Returns what the convolutions make of images.</summary>
    /// <param name="images">Normalised images, (B, C, H, W), on the CPU.</param>
    /// <returns>Maps, (B, channels, height, width).</returns>
    public Tensor Maps(Tensor images)
    {
        var maps = _convolutions.Output;
        return Convolved(images.contiguous()).view(-1, maps.Height, maps.Width, maps.Channels).permute(0, 3, 1, 2);
    }

    /// <summary>Returns the features of images.</summary>
    /// <param name="images">Normalised images, (B, C, H, W), on the CPU.</param>
    public Tensor Features(Tensor images)
    {
        var x = Convolved(images.contiguous()); // (B, F)
        foreach (var layer in _rest)
        {
            x = layer is var (matrix, bias) ? bias.addmm(x, matrix) : x.relu_();
        }

        return x; // (B, H)
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _rest)
        {
            layer?.Matrix.Dispose();
            layer?.Bias.Dispose();
        }
    }

    private static Tensor Matrix(HostTensor weight, int channels)
    {
        var transposed = new HostTensor([weight.Columns, weight.Rows], new float[weight.Values.Length]);
        HostKernels.Transpose(weight.Values, weight.Rows, channels, weight.Rows, transposed.Values);
        return Own(transposed);
    }

    private static Tensor Own(HostTensor values) => values.ToTensor().DetachFromDisposeScope();

    // What the convolutions make of the images, pixel by pixel, (B, F).
    private Tensor Convolved(Tensor images)
    {
        var (rows, length) = ((int)images.shape[0], _convolutions.Output.Length);
        var threads = Math.Min(get_num_threads(), Environment.ProcessorCount); // libtorch knows of no quota
        var maps = empty([rows, length], dtype: ScalarType.Float32, device: CPU);
        Parallel.For(
            0,
            (rows + _imagesAtOnce - 1) / _imagesAtOnce,
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            () => _spareMemory.TryTake(out var memory) ? memory : [.. _convolutions.Lengths.Select(size => new float[size])],
            (group, _, memory) =>
            {
                var pixels = MemoryMarshal.Cast<byte, float>(images.bytes);
                var target = MemoryMarshal.Cast<byte, float>(maps.bytes);
                for (var row = _imagesAtOnce * group; row < Math.Min(rows, _imagesAtOnce * (group + 1)); row++)
                {
                    _convolutions.Forward(pixels.Slice(row * _pixels, _pixels), memory).CopyTo(target[(row * length)..]);
                }

                return memory;
            },
            _spareMemory.Add);
        return maps;
    }
}
