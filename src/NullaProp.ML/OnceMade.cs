namespace NullaProp.ML;

/// <summary>
/// A value that is made when it is first asked for, by one thread. Where making it fails, for want of memory say, who asks next tries
/// again: <see cref="Lazy{T}"/> would fail for ever.
/// </summary>
/// <param name="make">Makes it.</param>
/// <threadsafety>Any number of threads may ask.</threadsafety>
internal sealed class OnceMade<T>(Func<T> make)
    where T : class
{
    private readonly Lock _turn = new();
    private T? _value;

    /// <summary>Gets the value, or <see langword="null"/> where nobody has asked for it.</summary>
    public T? Known => Volatile.Read(ref _value);

    /// <summary>Gets the value.</summary>
    public T Value => Known ?? Make();

    private T Make()
    {
        lock (_turn)
        {
            return _value ??= make();
        }
    }
}
