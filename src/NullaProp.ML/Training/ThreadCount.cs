using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// While it lives, libtorch computes with some number of threads. OpenMP keeps a number for each thread that calls it; libtorch keeps one
/// for those that have not called yet, and one for products of matrices: of several trainings at once the last one's counts there, until
/// the last has ended.
/// </summary>
/// <threadsafety>To be disposed of on the thread that made it.</threadsafety>
internal sealed class ThreadCount : IDisposable
{
    private const int Most = 1024; // more than a process may start end it without a word

    private static readonly Lock Turn = new();
    private static int _living; // of all threads
    private static int _beforeAll;
    private static int _last;

    [ThreadStatic]
    private static List<ThreadCount>? _here; // that live: of a training, and of those that its listeners start

    [ThreadStatic]
    private static int _beforeHere;

    [ThreadStatic]
    private static int _leftHere; // by a training that ended beside others; 0 where none did

    private readonly int _threads;

    /// <summary>Sets the number.</summary>
    /// <param name="threads">The number, 1 or more; <see langword="null"/> for libtorch's own, within what the process may use.</param>
    public ThreadCount(int? threads)
    {
        lock (Turn)
        {
            if ((_here ??= []) is [])
            {
                _beforeHere = Own(get_num_threads());
            }

            if (_living++ == 0)
            {
                _beforeAll = _beforeHere;
            }

            _last = _threads = threads ?? Math.Min(_beforeHere, Environment.ProcessorCount); // the latter knows affinity and quota
            set_num_threads(_threads);
            _here.Add(this);
        }
    }

    /// <summary>Checks a number that a caller asks for.</summary>
    /// <param name="threads">The number; <see langword="null"/> for libtorch's own.</param>
    /// <param name="parameter">The caller's parameter that it came by.</param>
    /// <param name="name">What the caller calls it.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    public static void Require(int? threads, string parameter, string name)
    {
        if (threads is < 1 or > Most)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                $"{name} is {threads}, but must be from 1 to {Most}, or null for as many as there are processors.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Turn)
        {
            _living--;
            _here!.Remove(this);
            if (_here is [.., var other])
            {
                set_num_threads(_last = other._threads);
                return;
            }

            if (_living == 0)
            {
                set_num_threads(_beforeHere);
            }

            _leftHere = _living == 0 ? 0 : get_num_threads(); // to set it now would change those that go on
        }
    }

    // A thread's first call takes over the number that another training has set.
    private static int Own(int now) => now == _leftHere ? _beforeHere : _living > 0 && now == _last ? _beforeAll : now;
}
