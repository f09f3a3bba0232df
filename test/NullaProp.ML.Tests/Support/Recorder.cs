namespace NullaProp.ML.Tests.Support;

/// <summary>Keeps what is reported, at once and in order; <see cref="Progress{T}"/> would hand it to another thread.</summary>
internal sealed class Recorder<T>(Action<T>? react = null) : IProgress<T>
{
    public List<T> Reports { get; } = [];

    public void Report(T value)
    {
        Reports.Add(value);
        react?.Invoke(value);
    }
}
