using Microsoft.ML;

namespace NullaProp.ML.Scoring;

/// <summary>Moves a cursor over data that is at rest: the next row is there, or the end.</summary>
/// <param name="rows">The cursor; owned from here on.</param>
/// <param name="move">Moves it, and tells the row where that fails.</param>
internal class SourceRows(DataViewRowCursor rows, Func<bool> move) : IDisposable
{
    /// <summary>Moves to the next row, waiting for it.</summary>
    /// <returns><see langword="false"/> at the end of the data.</returns>
    public virtual bool MoveNext() => move();

    /// <summary>Moves to the next row if that comes soon.</summary>
    /// <param name="patience">How long to wait for it.</param>
    /// <returns><see langword="null"/> where it did not come: the next call, of either method, asks for it again.</returns>
    public virtual bool? TryMoveNext(TimeSpan patience) => move();

    /// <inheritdoc/>
    public virtual void Dispose() => rows.Dispose();
}

/// <summary>
/// Moves a cursor over data whose next row may come late, or only once the last one has its score, as with a queue of requests. The waiting
/// is done on another thread, so that the rows that came can be scored and handed out in the meantime.
/// </summary>
/// <param name="rows">The cursor; owned from here on.</param>
/// <param name="move">Moves it, and tells the row where that fails.</param>
internal sealed class LiveRows(DataViewRowCursor rows, Func<bool> move) : SourceRows(rows, move)
{
    private Task<bool>? _moving;

    /// <inheritdoc/>
    public override bool MoveNext() => _moving is null ? base.MoveNext() : Moved(_moving);

    /// <inheritdoc/>
    public override bool? TryMoveNext(TimeSpan patience)
    {
        var moving = _moving ??= Task.Run(base.MoveNext);
        return Task.WaitAny([moving], patience) < 0 ? null : Moved(moving);
    }

    /// <inheritdoc/>
    /// <remarks>A cursor that still waits for a row is disposed of when that comes: none may be disposed of while it moves.</remarks>
    public override void Dispose()
    {
        if (_moving is { } moving)
        {
            moving.ContinueWith(_ => base.Dispose(), TaskScheduler.Default);
        }
        else
        {
            base.Dispose();
        }
    }

    private bool Moved(Task<bool> moving)
    {
        _moving = null;
        return moving.GetAwaiter().GetResult();
    }
}
