namespace NullaProp.ML.TrainingImages;

/// <summary>Makes the next batch while the current one is at work.</summary>
internal static class BatchPrefetch
{
    /// <summary>Returns batches whose memory is taken by the thread that asks for them, and filled one ahead by another.</summary>
    /// <param name="parts">What each batch is made of.</param>
    /// <param name="allocate">Takes the memory of a batch.</param>
    /// <param name="fill">Fills it.</param>
    public static IEnumerable<ImageBatch> FillOneAhead<T>(IEnumerable<T> parts, Func<T, ImageBatch> allocate, Action<ImageBatch, T> fill)
    {
        using var source = parts.GetEnumerator();
        var next = Next();
        try
        {
            while (next is { } ready)
            {
                ready.Filling.GetAwaiter().GetResult();
                next = Next();
                yield return ready.Batch;
            }
        }
        finally
        {
            // An abandoned epoch.
            if (next is { } unused)
            {
                Task.WaitAny(unused.Filling);
                unused.Batch.Dispose();
            }
        }

        (ImageBatch Batch, Task Filling)? Next()
        {
            if (!source.MoveNext())
            {
                return null;
            }

            var (part, batch) = (source.Current, allocate(source.Current));
            return (batch, Task.Run(() => fill(batch, part)));
        }
    }

    /// <summary>Returns the same batches, each made one ahead, on another thread.</summary>
    /// <param name="batches">The batches; read by one thread at a time.</param>
    public static IEnumerable<ImageBatch> MakeOneAhead(IEnumerable<ImageBatch> batches)
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
