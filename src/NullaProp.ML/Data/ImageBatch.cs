using static TorchSharp.torch;

namespace NullaProp.ML.Data;

/// <summary>Some images and their classes, ready for the network.</summary>
/// <param name="Pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
/// <param name="Labels">Class indices from 0, (B), 64-bit integers.</param>
internal sealed record ImageBatch(Tensor Pixels, Tensor Labels) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Pixels.Dispose();
        Labels.Dispose();
    }
}
