using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;

namespace NullaProp.ML;

/// <summary>A block of discrete time that was trained apart, as its newest whole checkpoint holds it.</summary>
/// <param name="Folder">The checkpoint.</param>
/// <param name="Fingerprint">What its training depended on.</param>
/// <param name="Epochs">The epochs that it was trained for.</param>
internal sealed record TrainedBlock(string Folder, TrainingFingerprint Fingerprint, int Epochs)
{
    private const string Shared = "normalization."; // what the data, and not the block, decides
    private const double Rounding = 1e-5; // of the scaling of pixels on another kind of processor, relative

    private string Held => Fingerprint.Block is { } block ? $"block {block}, counted from 0," : "a whole model";

    private bool IsTrained => Epochs >= Fingerprint.Model.Options.Epochs;

    /// <summary>Returns the block in a folder of checkpoints, or <see langword="null"/> where none is trained to its end.</summary>
    /// <param name="folder">The folder.</param>
    public static TrainedBlock? Find(string folder) => Newest(folder) is { IsTrained: true } block ? block : null;

    /// <summary>Returns the block in a folder of checkpoints as it stands, or <see langword="null"/> where there is no whole one.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">The newest one cannot be read at this moment.</exception>
    public static TrainedBlock? Newest(string folder)
    {
        foreach (var name in CheckpointFolder.Names(folder))
        {
            try
            {
                var path = Path.Combine(folder, name);
                var (fingerprint, place) = CheckpointFile.ReadDescription(path);
                return new TrainedBlock(path, fingerprint, place.Epoch);
            }
            catch (FormatException)
            {
                // The one before may be the last whole one; where that is not the end, training goes on from it, and says so.
            }
        }

        return null;
    }

    /// <summary>Returns in words in what this training differs from that of a block with some options.</summary>
    /// <param name="options">The options.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="block">The block that its folder is named after.</param>
    public IReadOnlyList<string> Faults(NoPropOptions options, int seed, int block) =>
    [
        .. Fingerprint.OptionsOf(options),
        .. Fingerprint.Model.Seed == seed ? [] : new[] { $"the seed is {Fingerprint.Model.Seed} instead of {seed}" },
        .. Fingerprint.Block == block ? [] : new[] { $"the folder holds {Held} as if it were block {block}" },
    ];

    /// <summary>Returns in words in what the training of this block differs from that of another one of the same model.</summary>
    /// <param name="other">The other block.</param>
    public IReadOnlyList<string> Faults(TrainedBlock other) =>
        Fingerprint.Differences(other.Fingerprint with { Block = Fingerprint.Block });

    /// <summary>Puts blocks together.</summary>
    /// <param name="blocks">All blocks of a model, in order.</param>
    /// <param name="weights">Weights that are promised.</param>
    /// <exception cref="FormatException">A block is damaged.</exception>
    public static NoPropTransformer Merge(IReadOnlyList<TrainedBlock> blocks, Weights weights)
    {
        var model = blocks[0].Fingerprint.Model;
        var network = new Denoiser(weights, model.Options, model.Shape, model.Classes);
        try
        {
            TakeAll(blocks, network);
            var noises = PlanCompiler.For(network, model.Options).StoredNoises;
            var starts = PriorDraws.Of(model.Options.Sampling.Draws, network.Embedding.Dimension, new RandomStreams(model.Seed), noises);
            return new NoPropTransformer(new NoPropScorer(new StoredModel(model, network, starts)));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static void TakeAll(IReadOnlyList<TrainedBlock> blocks, Denoiser network)
    {
        var shared = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        foreach (var (number, block) in blocks.Index())
        {
            var state = CheckpointFile.ReadState(block.Folder);
            var weights = state.Under(TrainingState.Weights);
            Require(block, network.Weights.Difference(weights, $"{Denoiser.BlockName(number)}."));
            foreach (var (name, value) in weights)
            {
                if (!name.StartsWith(Shared, StringComparison.Ordinal) || shared.TryAdd(name, value))
                {
                    network.Weights.Take(name, value);
                }
                else
                {
                    RequireSame(block, name, value, shared[name]);
                }
            }

            Require(block, (network.Blocks[number].Backbone as CustomBackbone)?.State.Take(state.Under(TrainingState.Modules)));
        }
    }

    // Options decide all but a module of the user's.
    private static void Require(TrainedBlock block, string? difference)
    {
        if (difference is not null)
        {
            throw new InvalidOperationException(
                $"The blocks cannot be merged: {difference} Register the module that {block.Folder} was trained with.");
        }
    }

    private static void RequireSame(TrainedBlock block, string name, HostTensor value, HostTensor first)
    {
        var isSame = value.Values.Zip(first.Values).All(pair => Math.Abs(pair.First - pair.Second) <= Rounding * Math.Abs(pair.Second));
        if (!isSame)
        {
            throw new InvalidOperationException(
                $"The blocks cannot be merged: {block.Folder} scales pixels otherwise than the first block ('{name}'). Train all of "
                    + "them on the same data.");
        }
    }
}
