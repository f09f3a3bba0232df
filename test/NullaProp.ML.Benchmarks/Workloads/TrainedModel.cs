using Microsoft.ML.Data;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>A model trained for an epoch by the library's own loop, with access to its network.</summary>
internal sealed class TrainedModel : IDisposable
{
    private const int Seed = 1;

    private TrainedModel(NoPropOptions options, Denoiser network)
    {
        Options = options;
        Network = network;
        Starts = PriorDraws.Of(options.Sampling.Draws, network.Embedding.Dimension, new RandomStreams(Seed));
        var stored = new StoredModel(new(options, SyntheticImages.Shape, SyntheticImages.Classes, Keys: null, Seed), network, Starts);
        Transformer = new NoPropTransformer(new NoPropScorer(stored), new VectorDataViewType(NumberDataViewType.Single, 1, 28, 28));
    }

    /// <summary>Gets the options that it was trained with.</summary>
    public NoPropOptions Options { get; }

    /// <summary>Gets the network.</summary>
    public Denoiser Network { get; }

    /// <summary>Gets z₀, (n, D).</summary>
    public HostTensor Starts { get; }

    /// <summary>Gets the model for ML.NET; it owns the network.</summary>
    public NoPropTransformer Transformer { get; }

    /// <summary>Trains a model from tensors in memory; the caller disposes of it. This is Fit without ML.NET.</summary>
    /// <param name="options">The options.</param>
    /// <param name="images">The images.</param>
    /// <param name="states">What keeps states of the training, if anything does.</param>
    public static TrainedModel Fit(NoPropOptions options, ImageStore images, ITrainingStates? states = null)
    {
        using var memory = new KeptMemory(); // as Fit does
        var streams = new RandomStreams(Seed);
        var network = new Denoiser(Weights.Drawn(streams, CPU), options, SyntheticImages.Shape, SyntheticImages.Classes);
        var (mean, deviation) = images.ChannelStatistics();
        network.Normalization.Set(mean, deviation);
        var data = new TrainingData(images, Validation: null, streams);
        var monitor = new TrainingMonitor(_ => { }, () => { }) { States = states };
        new TrainingLoop(network, FastBFloat16.Choose(options, CPU), data, monitor).Run();
        return new TrainedModel(options, network);
    }

    /// <summary>Returns a runner of the model's plan; the caller disposes of it.</summary>
    /// <param name="steps">T, or null for the options' own.</param>
    public TorchRunner Runner(int? steps = null) =>
        new(
            Network,
            PlanCompiler.For(
                Network,
                Options with { Sampling = Options.Sampling with { SolverSteps = steps ?? Options.Sampling.SolverSteps } }),
            Starts);

    /// <inheritdoc/>
    public void Dispose() => Transformer.Dispose();
}
