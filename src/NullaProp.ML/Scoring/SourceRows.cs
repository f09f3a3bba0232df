using System.Runtime.ExceptionServices;
using Microsoft.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Scoring;

/// <summary>Moves a cursor over a source.</summary>
internal abstract class SourceRows : IDisposable
{
    /// <summary>Returns what moves a cursor over some data.</summary>
    /// <param name="source">The data.</param>
    /// <param name="rows">The cursor; owned from here on.</param>
    /// <param name="schema">The model, bound to the data's schema.</param>
    public static SourceRows Of(IDataView source, DataViewRowCursor rows, ScoredSchema schema)
    {
        return DataAtRest.Is(source) ? new RowsAtRest(rows, Move) : new LiveRows(rows, Move);

        bool Move() => FaultyRow.MoveNext(rows, source, schema.Feature, schema.Format);
    }

    /// <summary>Moves to the next row, waiting for it.</summary>
    /// <returns><see langword="false"/> at the end of the data.</returns>
    public bool MoveNext() => TryMoveNext(Timeout.InfiniteTimeSpan)!.Value;

    /// <summary>Moves to the next row if that comes soon.</summary>
    /// <param name="patience">How long to wait for it.</param>
    /// <returns><see langword="null"/> where it did not come: the next call, of either method, asks for it again.</returns>
    public abstract bool? TryMoveNext(TimeSpan patience);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Moves a cursor over data in memory or in a file: the next row is there, or the end.</summary>
/// <param name="rows">The cursor; owned from here on.</param>
/// <param name="move">Moves it, and tells the row where that fails.</param>
internal sealed class RowsAtRest(DataViewRowCursor rows, Func<bool> move) : SourceRows
{
    /// <inheritdoc/>
    public override bool? TryMoveNext(TimeSpan patience) => move();

    /// <inheritdoc/>
    public override void Dispose() => rows.Dispose();
}

/// <summary>
/// Moves a cursor over data whose next row may come late, or only once the last one has its score, as with a queue of requests. The waiting
/// is done on another thread, so that the rows that came can be scored and handed out in the meantime.
/// </summary>
/// <param name="rows">The cursor; owned from here on.</param>
/// <param name="move">Moves it, and tells the row where that fails.</param>
internal sealed class LiveRows(DataViewRowCursor rows, Func<bool> move) : SourceRows
{
    private readonly SourceThread _thread = new(rows, move);
    private bool _isMoving;

    /// <summary>Ends the thread of a cursor that nobody disposed of.</summary>
    ~LiveRows() => _thread.End(waits: false);

    /// <inheritdoc/>
    public override bool? TryMoveNext(TimeSpan patience)
    {
        if (!_isMoving)
        {
            _isMoving = true;
            _thread.Ask();
        }

        if (!_thread.HasAnswered(patience))
        {
            return null;
        }

        _isMoving = false;
        return _thread.Answer();
    }

    /// <inheritdoc/>
    /// <remarks>A cursor that still waits for a row is disposed of when that comes: none may be disposed of while it moves.</remarks>
    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        _thread.End(waits: !_isMoving);
    }
}

/// <summary>
/// The one thread on which a source is read, from its first row to its end: what it keeps there, such as a lock, a value of the thread or
/// a culture, is there at the next row. It is none of the pool's, whose threads may all wait for scores.
/// </summary>
/// <param name="rows">The cursor; disposed of at the end, on the same thread.</param>
/// <param name="move">Moves it.</param>
internal sealed class SourceThread(DataViewRowCursor rows, Func<bool> move)
{
    private readonly object _turn = new();
    private Thread? _thread;
    private bool _isAsked;
    private bool _isAnswered;
    private bool _isEnding;
    private bool _isRow;
    private ExceptionDispatchInfo? _fault;

    /// <summary>Asks for the next row.</summary>
    public void Ask()
    {
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "NoProp source" };
            _thread.Start(); // with the caller's culture and what else flows with its context
        }

        Tell(ref _isAsked);
    }

    /// <summary>Waits for the answer.</summary>
    /// <param name="patience">How long.</param>
    public bool HasAnswered(TimeSpan patience)
    {
        lock (_turn)
        {
            while (!_isAnswered && Monitor.Wait(_turn, patience))
            {
                // Woken by the end of the source, which is no answer; the thread gives one when its row has come.
            }

            return _isAnswered;
        }
    }

    /// <summary>Returns whether there was a row, or throws what the source threw; once answered.</summary>
    public bool Answer()
    {
        _isAnswered = false; // the thread waits for the next question
        _fault?.Throw();
        return _isRow;
    }

    /// <summary>Disposes of the cursor and ends the thread.</summary>
    /// <param name="waits">Whether to wait for it, and throw what the source throws.</param>
    public void End(bool waits)
    {
        if (_thread is null)
        {
            if (waits)
            {
                rows.Dispose();
            }

            return;
        }

        Tell(ref _isEnding);
        if (waits)
        {
            _thread.Join();
            _fault?.Throw();
        }
    }

    private void Run()
    {
        while (IsAsked())
        {
            _fault = FaultOf(() => _isRow = move());
            Tell(ref _isAnswered);
        }

        _fault = FaultOf(rows.Dispose);
    }

    private bool IsAsked()
    {
        lock (_turn)
        {
            while (!_isAsked && !_isEnding)
            {
                Monitor.Wait(_turn);
            }

            _isAsked = false;
            return !_isEnding;
        }
    }

    private void Tell(ref bool what)
    {
        lock (_turn)
        {
            what = true;
            Monitor.PulseAll(_turn);
        }
    }

    private static ExceptionDispatchInfo? FaultOf(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (Exception fault)
        {
            return ExceptionDispatchInfo.Capture(fault);
        }
    }
}
