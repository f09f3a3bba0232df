using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Draws the times of a training batch.</summary>
internal static class TimeSamples
{
    /// <summary>
    /// Returns times uniform on [0, 1), one in each of B equal intervals: the same expectation as independent draws, less variance (Kingma et al. 2021, arXiv 2107.00630,
    /// appendix I.1).
    /// </summary>
    /// <param name="count">B.</param>
    /// <param name="generator">The source of randomness, on the CPU.</param>
    /// <returns>(B, 1), on the CPU.</returns>
    public static Tensor Uniform(long count, Generator generator)
    {
        var even = tensor(Enumerable.Range(0, (int)count).Select(i => (float)i / count).ToArray()).unsqueeze(1); // (B, 1)
        var offset = rand(1, 1, generator: generator); // (1, 1)
        return even.Plus(offset).frac();
    }
}
