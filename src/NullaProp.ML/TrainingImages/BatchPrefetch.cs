using System.Collections.Concurrent;

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

    /// <summary>Returns the same batches, each made one ahead on one other thread, on which a source may keep something.</summary>
    /// <param name="batches">The batches.</param>
    public static IEnumerable<ImageBatch> MakeOneAhead(IEnumerable<ImageBatch> batches)
    {
        using var made = new BlockingCollection<ImageBatch>();
        using var wanted = new SemaphoreSlim(1);
        using var abandoned = new CancellationTokenSource();
        var making = Task.Factory.StartNew(Make, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (var batch in made.GetConsumingEnumerable())
            {
                wanted.Release();
                yield return batch;
            }

            making.GetAwaiter().GetResult(); // throws what the source threw
        }
        finally
        {
            // An abandoned epoch: the batch under way is waited for, so that neither it nor the rows behind it stay open.
            abandoned.Cancel();
            wanted.Release();
            Task.WaitAny(making);
            while (made.TryTake(out var unused))
            {
                unused.Dispose();
            }
        }

        void Make()
        {
            try
            {
                using var source = batches.GetEnumerator();
                for (wanted.Wait(); !abandoned.IsCancellationRequested && source.MoveNext(); wanted.Wait())
                {
                    made.Add(source.Current);
                }
            }
            finally
            {
                made.CompleteAdding();
            }
        }
    }
}
