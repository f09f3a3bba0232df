namespace NullaProp.ML.Data;

/// <summary>Makes the next batch while the current one is at work.</summary>
internal static class Prefetched
{
    /// <summary>Returns the same batches, each made one ahead, on another thread.</summary>
    /// <param name="batches">The batches; read by one thread at a time.</param>
    public static IEnumerable<ImageBatch> One(IEnumerable<ImageBatch> batches)
    {
        using var source = batches.GetEnumerator();
        var next = Task.Run(Next);
        try
        {
            while (next.GetAwaiter().GetResult() is { } batch)
            {
                next = Task.Run(Next);
                yield return batch;
            }
        }
        finally
        {
            // An abandoned epoch: the batch under way is waited for, so that neither it nor the rows behind it stay open.
            Task.WaitAny(next);
            if (next.IsCompletedSuccessfully)
            {
                next.Result?.Dispose();
            }
        }

        ImageBatch? Next() => source.MoveNext() ? source.Current : null;
    }
}
