using BenchmarkDotNet.Attributes;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Micro;

/// <summary>Rows into the byte store, and batches out of it.</summary>
[MemoryDiagnoser]
public class RowReading
{
    private const int Rows = 1024;

    private readonly float[] _pixels = Array.ConvertAll(SyntheticImages.Pixels(0), pixel => (float)pixel);
    private readonly long[] _rows = [.. Enumerable.Range(0, 256).Select(row => (long)((row * 577) % Rows))];
    private readonly ImageStore _store = ImageTensors.Store(Rows);
    private readonly ChannelMoments _moments = new(SyntheticImages.Shape);

    [Benchmark(Description = "write a row of 784 pixels to the store")]
    public void Write() => _store.Replace(0, _pixels, label: 0);

    [Benchmark(Description = "add up its moments")]
    public void AddMoments() => _moments.Add(_pixels);

    [Benchmark(Description = "gather a batch of 256 rows")]
    public void Gather()
    {
        using var scope = NewDisposeScope();
        _store.Gather(_rows);
    }
}
