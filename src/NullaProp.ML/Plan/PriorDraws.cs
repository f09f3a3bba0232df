using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>Makes the points z₀ from which scoring starts, and the noise that ancestral sampling adds on the way.</summary>
internal static class PriorDraws
{
    /// <summary>Returns the starts: the prior's mean where no draws are asked for, else draws from N(0, I).</summary>
    /// <param name="draws">The number of draws, 0 or more.</param>
    /// <param name="dimension">D, the length of z.</param>
    /// <param name="streams">The source of the draws.</param>
    /// <param name="noises">The number of stages that add noise.</param>
    /// <returns>(n·(1 + noises), D) with n = max(1, draws): each start, followed by the noise of its way.</returns>
    public static HostTensor Of(int draws, long dimension, RandomStreams streams, int noises = 0)
    {
        if (draws == 0)
        {
            return new([1 + noises, dimension], new float[(1 + noises) * dimension]);
        }

        var rows = draws * (1L + noises);
        var points = new float[rows * dimension];
        streams.Of("draws").Normal(points);
        return new([rows, dimension], points);
    }
}
