using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>Synthetic images as the contestants take them.</summary>
internal static class ImageTensors
{
    /// <summary>Returns raw pixels as floats, (n, 1, 28, 28); the caller disposes of them.</summary>
    /// <param name="first">The number of the first image.</param>
    /// <param name="count">n.</param>
    public static Tensor Raw(int first, int count)
    {
        var size = SyntheticImages.Shape.Size;
        // (n, 1, 28, 28)
        var pixels = empty([count, SyntheticImages.Shape.Channels, SyntheticImages.Shape.Height, SyntheticImages.Shape.Width]);
        var values = MemoryMarshal.Cast<byte, float>(pixels.bytes);
        for (var i = 0; i < count; i++)
        {
            var image = SyntheticImages.Pixels(first + i);
            for (var j = 0; j < size; j++)
            {
                values[(i * size) + j] = image[j];
            }
        }

        return pixels;
    }

    /// <summary>Returns pixels as the model's networks see them; the caller disposes of them.</summary>
    /// <param name="model">The model, for its normalisation.</param>
    /// <param name="raw">Raw pixels, (n, 1, 28, 28).</param>
    public static Tensor Normalized(Denoiser model, Tensor raw)
    {
        using var mode = no_grad();
        return model.Normalization.Apply(raw);
    }

    /// <summary>Returns class indices, (n); the caller disposes of them.</summary>
    /// <param name="first">The number of the first image.</param>
    /// <param name="count">n.</param>
    public static Tensor Labels(int first, int count) =>
        tensor([.. Enumerable.Range(first, count).Select(number => (long)SyntheticImages.Label(number))]);

    /// <summary>Returns a store of images.</summary>
    /// <param name="count">The number of images, from number 0 on.</param>
    public static ImageStore Store(int count)
    {
        var store = new ImageStore(SyntheticImages.Shape);
        for (var number = 0; number < count; number++)
        {
            store.Add(Array.ConvertAll(SyntheticImages.Pixels(number), pixel => (float)pixel), SyntheticImages.Label(number));
        }

        return store;
    }
}
