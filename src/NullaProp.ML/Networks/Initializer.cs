using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Makes the first value of a weight from a stream of its own, of single precision on the CPU, so that every device starts from the same
/// numbers.
/// </summary>
/// <param name="shape">The weight's shape.</param>
/// <param name="stream">The source of randomness.</param>
internal delegate Tensor Initializer(long[] shape, RandomStream stream);

/// <summary>The initial distributions that the networks use.</summary>
internal static class Initializers
{
    /// <summary>Uniform between ±1/√fan-in: PyTorch's default for linear and convolution layers.</summary>
    /// <param name="fanIn">The number of inputs to one output.</param>
    public static Initializer FanIn(long fanIn) => Uniform(-1 / Math.Sqrt(fanIn), 1 / Math.Sqrt(fanIn));

    /// <summary>Uniform between two bounds.</summary>
    /// <param name="low">The lower bound.</param>
    /// <param name="high">The upper bound.</param>
    public static Initializer Uniform(double low, double high) => (shape, stream) =>
    {
        using Scalar held = low;
        using Scalar width = high - low;
        return stream.Uniform(shape, ScalarType.Float32).mul_(width).add_(held, HeldScalar.One);
    };

    /// <summary>Normal with mean 0.</summary>
    /// <param name="deviation">The standard deviation.</param>
    public static Initializer Normal(double deviation) => (shape, stream) =>
    {
        using Scalar held = deviation;
        return stream.Normal(shape, ScalarType.Float32).mul_(held);
    };

    /// <summary>Normal with variance 2/fan-out (He et al. 2015): torchvision's for residual networks.</summary>
    /// <param name="fanOut">The number of outputs that read one input.</param>
    public static Initializer FanOut(long fanOut) => Normal(Math.Sqrt(2.0 / fanOut));

    /// <summary>The same number everywhere.</summary>
    /// <param name="value">The number.</param>
    public static Initializer Constant(double value) => (shape, _) =>
    {
        using Scalar held = value;
        return full(shape, held, dtype: ScalarType.Float32, device: CPU);
    };

    /// <summary>Rows of length 1: orthogonal to each other where there are no more rows than columns, else random directions.</summary>
    public static Initializer OrthogonalRows() => (shape, stream) =>
    {
        var gaussian = stream.Normal(shape, ScalarType.Float32); // (K, D)
        return shape[0] <= shape[1]
            ? linalg.qr(gaussian.t()).Q.t().contiguous() // (K, D), orthonormal rows
            : nn.functional.normalize(gaussian, dim: 1);
    };
}
