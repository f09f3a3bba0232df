using System.Runtime.ExceptionServices;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// The memory in which layers compute one image, used again for the next, and the threads that compute it together: a team as OpenMP's,
/// whose members all walk the same layers and share each loop (<see cref="TeamMember.Share"/>). Nobody waits for a thread that has not
/// come; one that comes late passes by what is done.
/// </summary>
internal sealed class ThreadTeam : IThreadPoolWorkItem
{
    /// <summary>The most members: more of them wait longer for each other than they compute.</summary>
    public const int Most = 8;

    /// <summary>In how many shares a loop is cut up for each member, where it has as many turns: some come later or are slower.</summary>
    public const int Shares = 4;

    private static int _atWork; // images that teams of this process compute just now, where more than one thread could

    private readonly TeamMember[] _members;
    private readonly float[] _work;
    private ManagedChain? _chain;
    private ExceptionDispatchInfo? _failure;
    private int _taken; // turns of loops, of this image
    private int _done;
    private int _isOpen;
    private int _joined;
    private int _called; // threads that were asked to come and have not yet
    private int _inside;

    /// <summary>Takes the memory.</summary>
    /// <param name="image">The length of the image.</param>
    /// <param name="output">The length of what the last layer writes.</param>
    /// <param name="work">The length of the working memory.</param>
    /// <param name="members">The most threads that may compute together.</param>
    public ThreadTeam(int image, int output, int work, int members)
    {
        (Image, Output, _work) = (new float[image], new float[output], new float[work]);
        _members = [.. Enumerable.Range(0, members).Select(index => new TeamMember(this, index))];
    }

    /// <summary>Gets the most threads that may compute together.</summary>
    public int Size => _members.Length;

    /// <summary>Gets the image.</summary>
    public float[] Image { get; }

    /// <summary>Gets what the last layer wrote.</summary>
    public float[] Output { get; }

    /// <summary>Computes layers from <see cref="Image"/> to <see cref="Output"/>.</summary>
    /// <param name="chain">The layers.</param>
    /// <param name="threads">The most threads on which teams may compute; those that others have are not counted on.</param>
    public void Run(ManagedChain chain, int threads)
    {
        if (_members.Length == 1)
        {
            chain.Forward(Image, _work, Output, TeamMember.Alone);
            return;
        }

        var count = Math.Min(_members.Length, threads / Interlocked.Increment(ref _atWork));
        try
        {
            if (count <= 1)
            {
                chain.Forward(Image, _work, Output, TeamMember.Alone);
                return;
            }

            (_chain, _failure, _taken, _done, _joined) = (chain, null, 0, 0, 1);
            Interlocked.Exchange(ref _isOpen, 1);
            Call(count - 1);
            Walk(_members[0]);
            Interlocked.Exchange(ref _isOpen, 0);
            var wait = default(SpinWait);
            while (Volatile.Read(ref _inside) > 0)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }

            _failure?.Throw();
        }
        finally
        {
            Interlocked.Decrement(ref _atWork);
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Decrement(ref _called);
        Interlocked.Increment(ref _inside); // before it is asked whether there is work: who was told so is waited for
        if (Volatile.Read(ref _isOpen) == 1 && Interlocked.Increment(ref _joined) is var joined && joined <= _members.Length)
        {
            Walk(_members[joined - 1]);
        }

        Interlocked.Decrement(ref _inside);
    }

    /// <summary>Takes turns of a loop.</summary>
    /// <param name="end">The number of turns that are taken once the loop is over.</param>
    /// <param name="most">How many at once.</param>
    /// <returns>The first one's number among all, and how many; 0 where none is left.</returns>
    public (int First, int Count) Take(int end, int most)
    {
        while (Volatile.Read(ref _taken) is var first && first < end)
        {
            var count = Math.Min(most, end - first);
            if (Interlocked.CompareExchange(ref _taken, first + count, first) == first)
            {
                return (first, count);
            }
        }

        return default;
    }

    /// <summary>Says that turns are done.</summary>
    /// <param name="count">How many.</param>
    public void Finish(int count) => Interlocked.Add(ref _done, count);

    /// <summary>Waits until turns are done that others have taken.</summary>
    /// <param name="end">The number of turns that are done then.</param>
    public void Wait(int end)
    {
        var wait = default(SpinWait);
        while (Volatile.Read(ref _done) < end)
        {
            if (Volatile.Read(ref _failure) is not null)
            {
                throw new InvalidOperationException("Another thread failed.");
            }

            wait.SpinOnce(sleep1Threshold: -1); // a turn is short
        }
    }

    // So many as were called before and have not come yet need not be called again.
    private void Call(int others)
    {
        for (var missing = others - Volatile.Read(ref _called); missing > 0; missing--)
        {
            Interlocked.Increment(ref _called);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Walk(TeamMember member)
    {
        try
        {
            member.Begin();
            _chain!.Forward(Image, _work, Output, member);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        }
    }
}

/// <summary>A thread of a team on its way through layers.</summary>
/// <param name="team">The team; <see langword="null"/> for a thread by itself.</param>
/// <param name="index">Its number in the team, from 0.</param>
internal sealed class TeamMember(ThreadTeam? team, int index)
{
    private int _turns; // of the loops so far

    /// <summary>Gets a thread that computes all by itself.</summary>
    public static TeamMember Alone { get; } = new(team: null, index: 0);

    /// <summary>Begins an image.</summary>
    public void Begin() => _turns = 0;

    /// <summary>Returns the part of working memory that is this thread's.</summary>
    /// <param name="work">The memory, as much for each of the team.</param>
    /// <param name="length">As much.</param>
    public Span<float> Own(Span<float> work, int length) => work.Slice(index * length, length);

    /// <summary>
    /// Returns the turns of a loop that this thread takes. When they end, all have been done, by whomever. What a turn computes must not
    /// depend on who takes it.
    /// </summary>
    /// <param name="count">The number of turns.</param>
    public SharedLoop Share(int count)
    {
        if (team is null)
        {
            return new SharedLoop(team: null, first: 0, count); // writes nothing: many threads have the one that is alone
        }

        var first = _turns;
        _turns += count;
        return new SharedLoop(team, first, count);
    }
}

/// <summary>
/// The turns of a loop that one thread takes: some at once, for to take one and to say that it is done costs as much as a short one.
/// </summary>
/// <param name="team">The team; <see langword="null"/> for a thread by itself.</param>
/// <param name="first">The number of turns before.</param>
/// <param name="count">The number of turns of the loop.</param>
internal ref struct SharedLoop(ThreadTeam? team, int first, int count)
{
    private readonly int _atOnce = team is null ? count : Math.Max(1, count / (ThreadTeam.Shares * team.Size));
    private int _taken;
    private int _left = team is null ? count : 0;

    /// <summary>Gets the turn, from 0.</summary>
    public int Current { get; private set; } = -1;

    /// <summary>Begins.</summary>
    public readonly SharedLoop GetEnumerator() => this;

    /// <summary>Goes on to the next turn.</summary>
    public bool MoveNext()
    {
        if (_left == 0 && !TakeMore())
        {
            return false;
        }

        _left--;
        Current++;
        return true;
    }

    private bool TakeMore()
    {
        if (team is null)
        {
            return false;
        }

        team.Finish(_taken);
        (var next, _taken) = team.Take(first + count, _atOnce);
        if (_taken == 0)
        {
            team.Wait(first + count);
            return false;
        }

        (Current, _left) = (next - first - 1, _taken);
        return true;
    }
}
