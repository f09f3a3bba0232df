using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>Makes the points z₀ from which scoring starts.</summary>
internal static class Start
{
    /// <summary>Returns the starts: the prior's mean where no draws are asked for, else draws from N(0, I).</summary>
    /// <param name="draws">The number of draws, 0 or more.</param>
    /// <param name="dimension">D, the length of z.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <returns>Starts on the CPU, (n, D) with n = max(1, draws).</returns>
    public static Tensor Points(int draws, long dimension, int seed)
    {
        if (draws == 0)
        {
            return zeros(1, dimension);
        }

        using var generator = new Generator((ulong)(uint)seed);
        return randn(draws, dimension, generator: generator);
    }
}
