using NullaProp.ML.Diffusion;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The whole model: the blocks that predict the clean label, with the class embeddings, the noise schedule and the read-out of the noisy
/// label.
/// </summary>
internal sealed class Denoiser : IDisposable
{
    /// <summary>Creates the model, asking <paramref name="weights"/> for every weight by name.</summary>
    /// <param name="weights">The weights; the model owns them from here on, and frees them where it cannot be made.</param>
    /// <param name="options">The architecture.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">K, the number of classes, 2 or more.</param>
    /// <param name="blocks">The blocks of discrete time to make, from 0, rising; all of them where nothing is said.</param>
    public Denoiser(Weights weights, NoPropOptions options, ImageShape shape, int classes, IReadOnlyList<int>? blocks = null)
    {
        Weights = weights;
        ClassCount = classes;
        try
        {
            Normalization = BackboneFactory.Scaling(weights.Root(), options, shape);
            Embedding = new ClassEmbedding(weights.Under("embedding"), options, shape, classes);
            var names = options.Variant.BlockNames;
            BlockNumbers = blocks ?? [.. Enumerable.Range(0, names.Count)];
            IsWhole = BlockNumbers.Count == names.Count;
            Blocks = [.. BlockNumbers.Select(block => new DenoisingBlock(weights.Under(names[block]), options, shape, Embedding))];
            Schedule = options.Variant.Schedule(weights.Under("schedule"));
            Readout = options.Variant.Readout(weights.Under("readout"), Embedding);
            Levels = options.Variant.Levels(Schedule);
            if (Levels.Count > 0)
            {
                foreach (var (block, number) in Blocks.Zip(BlockNumbers))
                {
                    block.LabelScale = Levels[number].Signal;
                }
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

    /// <summary>Gets the networks: one for every step of discrete time, or those that were asked for, else a single one.</summary>
    public IReadOnlyList<DenoisingBlock> Blocks { get; }

    /// <summary>Gets the numbers of these networks, from 0, rising.</summary>
    public IReadOnlyList<int> BlockNumbers { get; }

    /// <summary>Gets a value indicating whether all networks were made, so that the model can score.</summary>
    public bool IsWhole { get; }

    /// <summary>Gets the noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>
    /// Gets the noise levels of discrete time, rising: that which each block reads, and that which the last one leads to. None where one
    /// block serves all times.
    /// </summary>
    public IReadOnlyList<NoiseLevel> Levels { get; }

    /// <summary>Gets what reads the class from the noisy label alone.</summary>
    public LabelReadout Readout { get; }

    /// <summary>Returns the name that the weights of a block of discrete time start with.</summary>
    /// <param name="block">The block, from 0.</param>
    public static string BlockName(int block) => $"block{block + 1}";

    /// <summary>Returns the network of a step.</summary>
    /// <param name="block">The block, from 0; one of those that were made.</param>
    public DenoisingBlock Block(int block) => Blocks[BlockNumbers.Index().First(made => made.Item == block).Index];

    /// <summary>Returns a copy with the same parameters.</summary>
    /// <param name="options">Options of the same architecture.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">K, the number of classes.</param>
    /// <param name="device">Where the copy shall be.</param>
    public Denoiser Copy(NoPropOptions options, ImageShape shape, int classes, Device device)
    {
        var weights = Networks.Weights.Promised(new Lazy<Device>(device));
        weights.Module = Weights.Module;
        var copy = new Denoiser(weights, options, shape, classes);
        foreach (var (name, weight) in Weights.All)
        {
            copy.Weights.Take(name, weight.Host());
        }

        return copy;
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
