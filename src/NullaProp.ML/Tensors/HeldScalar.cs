using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tensors;

/// <summary>
/// Arithmetic with numbers that are made once and held. TorchSharp 0.107 frees a <see cref="Scalar"/> by its finalizer even while a native
/// call reads it; every
/// <c>tensor + tensor</c>, <c>tensor * 0.5</c>, <c>square</c>, <c>softplus</c>, <c>arange</c> and <c>full</c> makes one on the fly, and
/// fails where another thread starts a garbage collection at that moment.
/// </summary>
internal static class HeldScalar
{
    /// <summary>The number 0.</summary>
    public static readonly Scalar Zero = 0.0;

    /// <summary>The number 1.</summary>
    public static readonly Scalar One = 1.0;

    /// <summary>The number ½.</summary>
    public static readonly Scalar Half = 0.5;

    /// <summary>The number 2.</summary>
    public static readonly Scalar Two = 2.0;

    /// <summary>Returns the sum of two tensors.</summary>
    /// <param name="left">A tensor.</param>
    /// <param name="right">A tensor of a shape that broadcasts with it.</param>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>Returns x².</summary>
    /// <param name="x">A tensor.</param>
    public static Tensor Squared(this Tensor x) => x * x;

    /// <summary>Returns ln(1 + exp x).</summary>
    /// <param name="x">A tensor.</param>
    public static Tensor SoftPlus(this Tensor x) => nn.functional.logsigmoid(x.neg()).neg();
}
