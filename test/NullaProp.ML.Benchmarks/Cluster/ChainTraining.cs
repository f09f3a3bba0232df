using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.ChildProcesses;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// A few steps of the same blocks, trained apart or as one plain network: same images, batches, optimizer and single precision, so that
/// what differs is what has to be kept for the backward pass, and the weights with their two means.
/// </summary>
internal static class ChainTraining
{
    /// <summary>The role of a child process that trains; it prints its peak memory in bytes.</summary>
    public const string Child = "child-chain";

    public const int BatchSize = 128;
    public const int Steps = 8;

    private const double Rate = 1e-3;

    /// <summary>Trains as a kind says, and prints the peak memory.</summary>
    /// <param name="kind">What to do.</param>
    /// <param name="blocks">The number of blocks.</param>
    public static void Run(MemoryKind kind, int blocks)
    {
        var options = new NoPropOptions
        {
            Variant = new DiscreteTime { BlockCount = blocks },
            BatchSize = BatchSize,
            BackbonePrecision = BackbonePrecision.Full,
        };
        var streams = new RandomStreams(1);
        var images = ImageTensors.Store(BatchSize * Steps);
        IReadOnlyList<int>? made = kind is MemoryKind.Idle or MemoryKind.OneBlock ? [0] : null;
        using var model = new Denoiser(Weights.Drawn(streams, CPU), options, SyntheticImages.Shape, SyntheticImages.Classes, made);
        var (mean, deviation) = images.ChannelStatistics();
        model.Normalization.Set(mean, deviation);
        switch (kind)
        {
            case MemoryKind.OneBlock or MemoryKind.AllBlocks:
                Apart(model, options, images, streams);
                break;
            case MemoryKind.BackPropagation:
                Together(model, options, images, streams);
                break;
        }

        Console.WriteLine(PeakMemory.Bytes());
    }

    private static void Apart(Denoiser model, NoPropOptions options, ImageStore images, RandomStreams streams)
    {
        using var passes = options.Variant.Passes(model, options, streams);
        foreach (var pass in passes.Passes)
        {
            foreach (var (step, batch) in images.Epoch(BatchSize, pass.Order(0)).Index())
            {
                using var owned = batch;
                using var scope = NewDisposeScope();
                pass.Step(batch, pass.At(0, step), Rate);
            }
        }
    }

    private static void Together(Denoiser model, NoPropOptions options, ImageStore images, RandomStreams streams)
    {
        using var optimizer = new AdamW(model.Weights, options.WeightDecay);
        foreach (var (step, batch) in images.Epoch(BatchSize, streams.Of("order", 0)).Index())
        {
            using var owned = batch;
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            Loss(model, batch, new TrainingContext(streams, "chain", 0, step)).backward();
            optimizer.Step(Rate);
        }
    }

    // From noise to the label, each block's û moving z on by DDIM's step (Song et al. 2021, arXiv 2010.02502, eq. 12 with σ = 0):
    // z₁ = √ᾱ₁·û + √(1−ᾱ₁)·(z₀ − √ᾱ₀·û)/√(1−ᾱ₀).
    private static Tensor Loss(Denoiser model, ImageBatch batch, TrainingContext at)
    {
        var pixels = model.Normalization.Apply(batch.Pixels);
        var labels = new CleanLabels(model.Embedding.Current(), batch.Labels);
        var z = at.Noise("noise", labels); // (B, D)
        var logits = z;
        foreach (var (number, block) in model.Blocks.Index())
        {
            var (from, to) = (model.Levels[number], model.Levels[number + 1]);
            var time = tensor((float)from.Time, dtype: ScalarType.Float32, device: CPU).view(1, 1);
            logits = block.Logits(block.ImageShare(pixels, at), z, time); // (B, K)
            var kept = to.Noise / from.Noise;
            var clean = labels.Embedding.Mixed(nn.functional.softmax(logits, 1)); // û, (B, D)
            z = clean.mul(to.Signal - (kept * from.Signal)).Plus(z.mul(kept));
        }

        return nn.functional.cross_entropy(logits, batch.Labels);
    }
}
