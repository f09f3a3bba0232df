using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// While it lives, libtorch computes with some number of threads. The number is one of the process: of several at once the last one counts,
/// and when the last one ends, the number is what it was before the first.
/// </summary>
internal sealed class ThreadCount : IDisposable
{
    private static readonly Lock Turn = new();
    private static int _living;
    private static int _before;

    /// <summary>Sets the number.</summary>
    /// <param name="threads">The number, 1 or more; <see langword="null"/> for libtorch's own, within what the process may use.</param>
    public ThreadCount(int? threads)
    {
        lock (Turn)
        {
            _before = _living++ == 0 ? get_num_threads() : _before;
            set_num_threads(threads ?? Math.Min(_before, Environment.ProcessorCount)); // the latter knows affinity and quota
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Turn)
        {
            if (--_living == 0)
            {
                set_num_threads(_before);
            }
        }
    }
}
