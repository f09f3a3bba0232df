using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// The library's training step by itself: batch out of the store, loss, gradient, optimizer, as <see cref="TrainingLoop"/> puts them
/// together.
/// </summary>
internal sealed class OwnTraining : IDisposable
{
    private readonly IEnumerator<(ImageBatch Batch, TrainingContext At)> _batches;
    private readonly TrainingPasses _passes;
    private readonly double _rate;

    public OwnTraining(NoPropOptions options, ITrainingImages images, int classes = SyntheticImages.Classes)
    {
        var streams = new RandomStreams(1);
        Network = new Denoiser(Weights.Drawn(streams, CPU), options, SyntheticImages.Shape, classes);
        var (mean, deviation) = images.ChannelStatistics();
        Network.Normalization.Set(mean, deviation);
        _rate = options.LearningRate;
        _passes = options.Variant.Passes(Network, FastBFloat16.Choose(options, CPU), streams);
        _batches = Batches(images, options.BatchSize, _passes.Passes.Single()).GetEnumerator();
    }

    /// <summary>Gets the network in training.</summary>
    public Denoiser Network { get; }

    /// <summary>Takes one step.</summary>
    public void Step()
    {
        _batches.MoveNext();
        var (batch, at) = _batches.Current;
        using var owned = batch;
        using var scope = NewDisposeScope();
        _passes.Passes.Single().Step(batch, at, _rate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _passes.Dispose();
        Network.Dispose();
    }

    // One epoch after the other, without end.
    private static IEnumerable<(ImageBatch Batch, TrainingContext At)> Batches(ITrainingImages images, int size, TrainingPass pass)
    {
        for (var epoch = 0; ; epoch++)
        {
            var step = 0;
            foreach (var batch in images.Epoch(size, pass.Order(epoch)))
            {
                yield return (batch, pass.At(epoch, step++));
            }
        }
    }
}
