using System.Collections.Concurrent;
using Microsoft.ML;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// ML.NET maps rows on several threads where a cursor is asked of a row-to-row mapper, and puts them back in order. Images are decoded in
/// such mappers, so Fit must ask in that way and lose neither the threads nor the order.
/// </summary>
[TestClass]
public sealed class ParallelReadingTests
{
    private const int Rows = 1_500; // ML.NET hands them to its threads in pieces of 64

    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(1L << 30)]
    [DataRow(65_536L)] // a stream
    public void LoadTraining_MappedImages_AreMadeOnSeveralThreadsAndStayInOrder(long cachedBytes)
    {
        var threads = new ConcurrentDictionary<int, bool>();
        using var second = new ManualResetEventSlim();
        var mapping = Context.Transforms.CustomMapping<Numbered, Mapped>(
            (row, image) =>
            {
                if (threads.TryAdd(Environment.CurrentManagedThreadId, true) && threads.Count > 1)
                {
                    second.Set();
                }

                // Holds the first thread's piece, so that another one has to take the next.
                if (row.Number >= Rows / 2)
                {
                    second.Wait(TimeSpan.FromMinutes(1));
                }

                image.Features = [.. Enumerable.Range(0, 64).Select(i => (float)((row.Number + i) % 256))];
            },
            contractName: null);
        var data =
            Context.Data.LoadFromEnumerable(Enumerable
                .Range(0, Rows)
                .Select(number => new Numbered { Number = number, Label = (uint)(number % 3) }));
        var options = new NoPropOptions { ImageShape = new ImageShape(1, 8, 8), MaxCachedBytes = cachedBytes };

        var images = new ImageLoader(options, static () => { }, static _ => { }).LoadTraining(
            mapping.Fit(data).Transform(data),
            options.ImageShape,
            static _ => { });

        Assert.AreEqual(Rows, images.Count);
        Assert.IsGreaterThan(1, threads.Count);
        Assert.AreEqual(cachedBytes < Rows * 64, images is ImageStream);
        if (images is ImageStore store)
        {
            using var batch = store.Gather([.. Enumerable.Range(0, Rows).Select(row => (long)row)]);
            CollectionAssert.AreEqual(
                Enumerable.Range(0, Rows).Select(number => (byte)(number % 256)).ToArray(),
                batch.Pixels.flatten(1).select(1, 0).contiguous().data<byte>().ToArray());
        }
    }

    private sealed class Numbered
    {
        public int Number { get; set; }

        [Microsoft.ML.Data.KeyType(3)]
        public uint Label { get; set; }
    }

    private sealed class Mapped
    {
        [Microsoft.ML.Data.VectorType(64)]
        public float[] Features { get; set; } = [];
    }
}
