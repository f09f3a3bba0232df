using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tensors;

/// <summary>
/// One weight of a model. Read from a file it is promised first, by its shape, and in managed memory once its values arrived, until
/// somebody asks for a tensor: scoring a single image or saving never does, and so needs no libtorch. From then on the tensor alone holds
/// it, for training may change it.
/// </summary>
/// <threadsafety>Any number of threads may read one weight; its promise is kept before that.</threadsafety>
internal sealed class Weight : IDisposable
{
    private readonly Lock _turn = new();
    private readonly Func<HostTensor, Tensor>? _toTensor;
    private HostTensor? _stored;
    private Tensor? _value;

    /// <summary>Creates a weight that is a tensor.</summary>
    /// <param name="value">The tensor; owned from here on.</param>
    public Weight(Tensor value) => (_value, Shape) = (value, value.shape);

    /// <summary>Creates a weight whose values are still to come.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="toTensor">Makes the tensor, in no dispose scope, once it is asked for.</param>
    public Weight(long[] shape, Func<HostTensor, Tensor> toTensor) => (_toTensor, Shape) = (toTensor, shape);

    /// <summary>Gets the shape.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Gets the number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Gets the tensor.</summary>
    public Tensor Value => Volatile.Read(ref _value) ?? Make();

    /// <summary>
    /// Returns the weight in the numbers of what it is applied to: itself where they are its own, else rounded, with a gradient in its
    /// own.
    /// </summary>
    /// <param name="x">What it is applied to.</param>
    public Tensor RoundedLike(Tensor x) => Value.dtype == x.dtype ? Value : Value.to(x.dtype);

    /// <summary>Returns the values in managed memory: a copy, where the weight is a tensor.</summary>
    public HostTensor Host()
    {
        lock (_turn)
        {
            return _stored ?? HostTensor.Of(_value ?? throw Missing());
        }
    }

    /// <summary>Takes the values that were promised; a tensor, such as that of a user's module, takes them over.</summary>
    /// <param name="values">The values, of this shape.</param>
    public void Take(HostTensor values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Shape.SequenceEqual(Shape), true, nameof(values));
        if (_value is not { } own)
        {
            _stored = values;
            return;
        }

        using var scope = NewDisposeScope();
        using var mode = no_grad();
        own.copy_(values.ToTensor());
    }

    /// <inheritdoc/>
    public void Dispose() => _value?.Dispose();

    private Tensor Make()
    {
        lock (_turn)
        {
            if (_value is null)
            {
                Volatile.Write(ref _value, _toTensor!(_stored ?? throw Missing()));
                _stored = null;
            }

            return _value!;
        }
    }

    private static InvalidOperationException Missing() => new("The values of the weight have not arrived yet.");
}

/// <summary>
/// Arithmetic with numbers that are made once and held. TorchSharp 0.107 frees a <see cref="Scalar"/> by its finalizer even while a native
/// call reads it; every <c>tensor + tensor</c>, <c>tensor * 0.5</c>, <c>square</c>, <c>softplus</c>, <c>arange</c> and <c>full</c> makes
/// one on the fly, and fails where another thread starts a garbage collection at that moment.
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
