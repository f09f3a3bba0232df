using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Finds the point in the middle of a few thousand: one of them, not their mean. Of several equally good ones, the first.
/// </summary>
internal static class Medoid
{
    private const int ColumnsAtOnce = 4096; // 64 MB of double precision for 2,000 points

    /// <summary>Returns the number of the point with the smallest sum of squared distances to the others.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    public static int BySumOfSquares(Tensor points)
    {
        using var scope = NewDisposeScope();
        return Smallest(SquaredDistances(points).sum(1));
    }

    /// <summary>Returns the number of the point with the smallest median distance to all points, itself included.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    public static int ByMedian(Tensor points) => ByRank(points, (points.shape[0] - 1) / 2);

    /// <summary>Returns the number of the point with the smallest median distance to all other points.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    // its distance to itself is the smallest, so n−1 others have their lower median one rank on
    public static int ByMedianOfOthers(Tensor points) => ByRank(points, points.shape[0] / 2);

    // The rank counts from 0. A median, the lower one where there are two, is one of the distances: squaring all of them changes no order.
    private static int ByRank(Tensor points, long rank)
    {
        using var scope = NewDisposeScope();
        return Smallest(SquaredDistances(points).kthvalue(rank + 1, 1).values);
    }

    private static int Smallest(Tensor values)
    {
        var numbers = values.data<double>().ToArray();
        return Array.IndexOf(numbers, numbers.Min());
    }

    // |a−b|² = |a|² + |b|² − 2a·b in double precision: exact for whole numbers, and exactly 0 between a point and itself.
    private static Tensor SquaredDistances(Tensor points)
    {
        var products = zeros(points.shape[0], points.shape[0], dtype: ScalarType.Float64, device: points.device); // (n, n)
        for (var column = 0L; column < points.shape[1]; column += ColumnsAtOnce)
        {
            using var scope = NewDisposeScope();
            var part = points.narrow(1, column, Math.Min(ColumnsAtOnce, points.shape[1] - column)).to(ScalarType.Float64); // (n, some)
            products.add_(part.mm(part.t()), HeldScalar.One);
        }

        var squares = products.diagonal(); // (n)
        return squares.unsqueeze(1).Plus(squares).sub_(products.mul(HeldScalar.Two)); // (n, n)
    }
}
