using static TorchSharp.torch;

namespace NullaProp.ML.TrainingImages;

/// <summary>Some images and their classes, ready for the network.</summary>
/// <param name="Pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
/// <param name="Labels">Class indices from 0, (B), 64-bit integers.</param>
/// <param name="Weights">
/// How much the loss of each image counts, (B), of mean 1 over the training data; <see langword="null"/> where all count the same.
/// </param>
internal sealed record ImageBatch(Tensor Pixels, Tensor Labels, Tensor? Weights = null) : IDisposable
{
    /// <summary>Returns the batch on a device.</summary>
    /// <param name="device">The device.</param>
    public ImageBatch To(Device device) => new(Pixels.to(device), Labels.to(device), Weights?.to(device));

    /// <inheritdoc/>
    public void Dispose()
    {
        Pixels.Dispose();
        Labels.Dispose();
        Weights?.Dispose();
    }
}
