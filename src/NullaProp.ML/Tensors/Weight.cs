using static TorchSharp.torch;

namespace NullaProp.ML.Tensors;

/// <summary>
/// One weight of a model. Read from a file it is in managed memory until somebody asks for a tensor: scoring a single image never does, and so needs no libtorch. From
/// then on the tensor alone holds it, for training may change it.
/// </summary>
/// <threadsafety>Any number of threads may read one weight.</threadsafety>
internal sealed class Weight : IDisposable
{
    private readonly Lock _turn = new();
    private readonly Func<HostTensor, Tensor>? _toTensor;
    private HostTensor? _stored;
    private Tensor? _value;

    /// <summary>Creates a weight that is a tensor.</summary>
    /// <param name="value">The tensor; owned from here on.</param>
    public Weight(Tensor value) => (_value, Shape) = (value, value.shape);

    /// <summary>Creates a weight that is in managed memory.</summary>
    /// <param name="stored">Its values.</param>
    /// <param name="toTensor">Makes the tensor, in no dispose scope, once it is asked for.</param>
    public Weight(HostTensor stored, Func<HostTensor, Tensor> toTensor) => (_stored, _toTensor, Shape) = (stored, toTensor, stored.Shape);

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
            return _stored ?? HostTensor.Of(_value!);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _value?.Dispose();

    private Tensor Make()
    {
        lock (_turn)
        {
            if (_stored is { } stored)
            {
                Volatile.Write(ref _value, _toTensor!(stored));
                _stored = null;
            }

            return _value!;
        }
    }
}
