using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The library's training step by itself: batch out of the store, loss, gradient, optimizer, as <see cref="TrainingLoop"/> puts them together.</summary>
internal sealed class OwnTraining : IDisposable
{
    private readonly Generator _generator = new(1);
    private readonly IEnumerator<ImageBatch> _batches;
    private readonly TrainingSteps _steps;
    private readonly double _rate;

    public OwnTraining(NoPropOptions options, ITrainingImages images)
    {
        _batches = Batches(images, options.BatchSize, _generator).GetEnumerator();
        Network = new Denoiser(Weights.Drawn(_generator, CPU), options, SyntheticImages.Shape, SyntheticImages.Classes);
        var statistics = images.ChannelStatistics();
        Network.Normalization.Set(statistics.Mean, statistics.Scale);
        _rate = options.LearningRate;
        _steps = TrainingSteps.Of(Network, FastBFloat16.Choose(options, CPU), _generator, seed: 1);
    }

    /// <summary>Gets the network in training.</summary>
    public Denoiser Network { get; }

    /// <summary>Takes one step.</summary>
    public void Step()
    {
        _batches.MoveNext();
        using var batch = _batches.Current;
        using var scope = NewDisposeScope();
        _steps.Passes.Single().Run(batch, _rate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _steps.Dispose();
        Network.Dispose();
        _generator.Dispose();
    }

    // One epoch after the other, without end.
    private static IEnumerable<ImageBatch> Batches(ITrainingImages images, int size, Generator generator)
    {
        while (true)
        {
            foreach (var batch in images.Epoch(size, generator))
            {
                yield return batch;
            }
        }
    }
}
