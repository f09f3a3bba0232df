using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Draws the times of a training batch.</summary>
internal static class TimeSamples
{
    /// <summary>
    /// Returns times uniform on [0, 1), one in each of B equal intervals: the same expectation as independent draws, less variance (Kingma
    /// et al. 2021, arXiv 2107.00630, appendix I.1).
    /// </summary>
    /// <param name="count">B.</param>
    /// <param name="stream">The source of randomness.</param>
    /// <returns>(B, 1), on the CPU.</returns>
    public static Tensor Uniform(long count, RandomStream stream)
    {
        var offset = stream.Uniform();
        var times = new float[count];
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = (float)(((double)i / count) + offset) % 1; // rounded first, and so never up to 1
        }

        return tensor(times, dtype: ScalarType.Float32, device: CPU).unsqueeze(1); // (B, 1)
    }
}
