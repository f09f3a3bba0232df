using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Networks;

/// <summary>The whole model: the blocks that predict the clean label, with the class embeddings, the noise schedule and the read-out of the noisy label.</summary>
internal sealed class Denoiser : IDisposable
{
    /// <summary>Creates the model, asking <paramref name="weights"/> for every weight by name.</summary>
    /// <param name="weights">The weights; the model owns them from here on, and frees them where it cannot be made.</param>
    /// <param name="options">The architecture.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">K, the number of classes, 2 or more.</param>
    public Denoiser(Weights weights, NoPropOptions options, ImageShape shape, int classes)
    {
        Weights = weights;
        ClassCount = classes;
        try
        {
            Normalization = new PixelNormalization(weights.Under("normalization"), shape.Channels);
            Embedding = new ClassEmbedding(weights.Under("embedding"), options, shape, classes);
            Blocks = options.Variant == NoPropVariant.DiscreteTime
                ? [.. Enumerable.Range(0, options.BlockCount).Select(block => new DenoisingBlock(weights.Under(BlockName(block)), options, shape, Embedding))]
                : [new DenoisingBlock(weights.Root(), options, shape, Embedding)];
            Schedule = NoiseScheduleFactory.Create(weights.Under("schedule"), options);
            Readout = LabelReadout.Create(weights.Under("readout"), options, Embedding);
            Levels = options.Variant == NoPropVariant.DiscreteTime ? BlockLevels.Of(options, Schedule) : [];
            foreach (var (block, level) in Blocks.Zip(Levels))
            {
                block.LabelScale = level.Signal;
            }
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Gets the number of classes K.</summary>
    public int ClassCount { get; }

    /// <summary>Gets the weights.</summary>
    public Weights Weights { get; }

    /// <summary>Gets the scaling of raw pixels.</summary>
    public PixelNormalization Normalization { get; }

    /// <summary>Gets the class embeddings.</summary>
    public ClassEmbedding Embedding { get; }

    /// <summary>Gets the networks: one for every step of discrete time, else a single one.</summary>
    public IReadOnlyList<DenoisingBlock> Blocks { get; }

    /// <summary>Gets the noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>Gets the noise levels of discrete time, rising: that which each block reads, and that which the last one leads to. None where one block serves all times.</summary>
    public IReadOnlyList<NoiseLevel> Levels { get; }

    /// <summary>Gets what reads the class from the noisy label alone.</summary>
    public LabelReadout Readout { get; }

    /// <summary>Returns the name that the weights of a block of discrete time start with.</summary>
    /// <param name="block">The block, from 0.</param>
    public static string BlockName(int block) => $"block{block + 1}";

    /// <summary>Returns the mean Euclidean norm of the class embeddings.</summary>
    public double EmbeddingNorm()
    {
        if (!Embedding.IsLearned)
        {
            return 1; // one-hot: no need for K² numbers
        }

        var rows = Embedding.Rows(); // (K, D)
        return Enumerable.Range(0, ClassCount).Average(k => rows.Norm(k));
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
