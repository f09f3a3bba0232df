using System.Runtime.Intrinsics;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// Arithmetic with the vectors of one width of registers, so that a loop is written once. A loop over wider vectors than the processor has
/// would be compiled into one over memory, at a tenth of the speed.
/// </summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal interface IVectors<TVector>
    where TVector : struct
{
    /// <summary>Gets the number of floats in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Reads a vector.</summary>
    /// <param name="source">Where a span begins.</param>
    /// <param name="place">Which float of it is the first.</param>
    static abstract TVector Load(ref float source, int place);

    /// <summary>Writes a vector.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="target">Where a span begins.</param>
    /// <param name="place">Which float of it is the first.</param>
    static abstract void Store(TVector vector, ref float target, int place);

    /// <summary>Returns a vector of equal floats.</summary>
    /// <param name="value">The float.</param>
    static abstract TVector Of(float value);

    /// <summary>Returns left·right + sum, rounded once.</summary>
    /// <param name="left">A factor.</param>
    /// <param name="right">The other.</param>
    /// <param name="sum">What is added.</param>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector sum);

    /// <summary>Returns left + right.</summary>
    /// <param name="left">A summand.</param>
    /// <param name="right">The other.</param>
    static abstract TVector Add(TVector left, TVector right);

    /// <summary>Returns left − right.</summary>
    /// <param name="left">What is taken from.</param>
    /// <param name="right">What is taken away.</param>
    static abstract TVector Subtract(TVector left, TVector right);

    /// <summary>Returns the larger of each two floats.</summary>
    /// <param name="left">The ones.</param>
    /// <param name="right">The others.</param>
    static abstract TVector Max(TVector left, TVector right);
}

/// <summary>Vectors of 16 floats: AVX-512.</summary>
internal readonly struct Vectors512 : IVectors<Vector512<float>>
{
    /// <inheritdoc/>
    public static int Count => Vector512<float>.Count;

    /// <inheritdoc/>
    public static Vector512<float> Load(ref float source, int place) => Vector512.LoadUnsafe(ref source, (nuint)place);

    /// <inheritdoc/>
    public static void Store(Vector512<float> vector, ref float target, int place) => vector.StoreUnsafe(ref target, (nuint)place);

    /// <inheritdoc/>
    public static Vector512<float> Of(float value) => Vector512.Create(value);

    /// <inheritdoc/>
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        Vector512.FusedMultiplyAdd(left, right, sum);

    /// <inheritdoc/>
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    /// <inheritdoc/>
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    /// <inheritdoc/>
    public static Vector512<float> Max(Vector512<float> left, Vector512<float> right) => Vector512.Max(left, right);
}

/// <summary>Vectors of 8 floats: AVX2.</summary>
internal readonly struct Vectors256 : IVectors<Vector256<float>>
{
    /// <inheritdoc/>
    public static int Count => Vector256<float>.Count;

    /// <inheritdoc/>
    public static Vector256<float> Load(ref float source, int place) => Vector256.LoadUnsafe(ref source, (nuint)place);

    /// <inheritdoc/>
    public static void Store(Vector256<float> vector, ref float target, int place) => vector.StoreUnsafe(ref target, (nuint)place);

    /// <inheritdoc/>
    public static Vector256<float> Of(float value) => Vector256.Create(value);

    /// <inheritdoc/>
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> sum) =>
        Vector256.FusedMultiplyAdd(left, right, sum);

    /// <inheritdoc/>
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    /// <inheritdoc/>
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    /// <inheritdoc/>
    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Vector256.Max(left, right);
}

/// <summary>Vectors of 4 floats: Arm.</summary>
internal readonly struct Vectors128 : IVectors<Vector128<float>>
{
    /// <inheritdoc/>
    public static int Count => Vector128<float>.Count;

    /// <inheritdoc/>
    public static Vector128<float> Load(ref float source, int place) => Vector128.LoadUnsafe(ref source, (nuint)place);

    /// <inheritdoc/>
    public static void Store(Vector128<float> vector, ref float target, int place) => vector.StoreUnsafe(ref target, (nuint)place);

    /// <inheritdoc/>
    public static Vector128<float> Of(float value) => Vector128.Create(value);

    /// <inheritdoc/>
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> sum) =>
        Vector128.FusedMultiplyAdd(left, right, sum);

    /// <inheritdoc/>
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    /// <inheritdoc/>
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    /// <inheritdoc/>
    public static Vector128<float> Max(Vector128<float> left, Vector128<float> right) => Vector128.Max(left, right);
}
