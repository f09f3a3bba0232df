using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>
/// Trains a classifier of images or rows of values as a denoiser of labels: NoProp (Li, Teh, Pascanu 2025, arXiv 2503.24322v2) in
/// continuous time, in discrete time or by flow matching, as <see cref="NoPropOptions.Variant"/> says.
/// </summary>
/// <remarks>
/// <para>Made by <c>mlContext.MulticlassClassification.Trainers.NoProp(…)</c>. Input: a key column of labels and a column of images. Output
/// columns: the predicted class, a key, and class probabilities that sum to 1; entropy and disagreement of draws where the options name
/// columns for them.</para>
/// <para>On the CPU, training is a pure function of data, options, seed and the number of threads of libtorch, which decides in which
/// order sums are taken. It leaves the trainer unchanged: it may be called any number of times, also from several threads.</para>
/// </remarks>
public sealed class NoPropTrainer : IEstimator<NoPropTransformer>
{
    private const int DefaultSeed = 0;

    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly Func<ImageShape, nn.Module<Tensor, Tensor>>? _backbone; // null: one of ours, or one that is registered

    internal NoPropTrainer(
        IHostEnvironment environment,
        NoPropOptions options,
        NoPropRun run,
        Func<ImageShape, nn.Module<Tensor, Tensor>>? backbone = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _environment = environment; // a host keeps a copy of GpuDeviceId and FallbackToCpu from the time of its registration
        _host = environment.Register(nameof(NoPropTrainer));
        _backbone = backbone;
        (Options, Run) = (options, run);
    }

    /// <summary>Gets the options.</summary>
    public NoPropOptions Options { get; }

    /// <summary>Gets who takes part in a training, inside a pipeline too.</summary>
    public NoPropRun Run { get; }

    /// <summary>Gets the seed of a training: that of the options, else that of the context, else 0.</summary>
    internal int Seed => Options.Seed ?? HostEnvironment.Seed(_host) ?? DefaultSeed;

    /// <summary>Gets what makes the random streams of a seed; a test listens here.</summary>
    internal Func<int, RandomStreams> StreamsOf { get; init; } = static seed => new RandomStreams(seed);

    /// <summary>Gets what progress and checkpoints are timed by.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Trains a model, with <see cref="Run"/>.</summary>
    /// <param name="input">
    /// Labelled images; read once where they take at most <see cref="NoPropOptions.MaxCachedBytes"/>, else twice before training and once
    /// an epoch, in discrete time once for each block in every epoch. Where a pretrained network is trained further, all of it is read
    /// anew for that.
    /// </param>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">
    /// The options ask for another architecture than that of <see cref="NoPropRun.Previous"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or does not fit, the classes are others, or a member of the run is out of range.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The data cannot be trained on, a row cannot be read, the loss became NaN, libtorch or the GPU asked for is missing, the model
    /// would be larger than a file may be, or the checkpoints are of another training or all damaged.
    /// </exception>
    /// <exception cref="NotSupportedException">The classes are named by values of a type that a model cannot keep.</exception>
    /// <exception cref="ObjectDisposedException"><see cref="NoPropRun.Previous"/> was disposed of.</exception>
    /// <exception cref="IOException">
    /// A checkpoint cannot be written, or another training has the folder of <see cref="NoPropRun.Checkpoints"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token or the <c>MLContext</c> was cancelled.</exception>
    public NoPropTransformer Fit(IDataView input) => Fit(input, Run);

    /// <summary>Trains a model with others than <see cref="Run"/>.</summary>
    /// <param name="input">Labelled images, read as by <see cref="Fit(IDataView)"/>.</param>
    /// <param name="run">Who takes part, in place of all of <see cref="Run"/>; take <c>trainer.Run with { … }</c> to change a part.</param>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">
    /// The options ask for another architecture than that of <see cref="NoPropRun.Previous"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A column is missing or does not fit, the classes are others, or a member of the run is out of range.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The data cannot be trained on, a row cannot be read, the loss became NaN, libtorch or the GPU asked for is missing, the model
    /// would be larger than a file may be, or the checkpoints are of another training or all damaged.
    /// </exception>
    /// <exception cref="NotSupportedException">The classes are named by values of a type that a model cannot keep.</exception>
    /// <exception cref="ObjectDisposedException"><see cref="NoPropRun.Previous"/> was disposed of.</exception>
    /// <exception cref="IOException">
    /// A checkpoint cannot be written, or another training has the folder of <see cref="NoPropRun.Checkpoints"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token or the <c>MLContext</c> was cancelled.</exception>
    public NoPropTransformer Fit(IDataView input, NoPropRun run)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(run);
        TrainingChecks.Architecture(Options, run.Previous);
        var (model, features) = Train(input, run);
        return new NoPropTransformer(new NoPropScorer(model), features);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature, label or weight column is missing or of a wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        InputColumns.CheckFeature(inputSchema, Options.FeatureColumnName);
        var label = SchemaShapes.Named(
            InputColumns.CheckLabel(inputSchema, Options.LabelColumnName), Run.Previous?.Scorer.Model.Keys?.ItemType);
        InputColumns.CheckWeight(inputSchema, Options.ExampleWeightColumnName);
        var columns = inputSchema.ToDictionary(column => column.Name);
        columns[Options.PredictedLabelColumnName] = SchemaShapes.PredictedLabel(Options.PredictedLabelColumnName, label);
        columns[Options.ScoreColumnName] = SchemaShapes.Score(Options.ScoreColumnName, label);
        foreach (var name in new[] { Options.Sampling.EntropyColumnName, Options.Sampling.DisagreementColumnName }.OfType<string>())
        {
            columns[name] = SchemaShapes.Number(name);
        }

        return new SchemaShape(columns.Values);
    }

    /// <summary>Trains one block of discrete time and leaves it in its last checkpoint.</summary>
    /// <param name="input">Labelled images.</param>
    /// <param name="run">Who takes part, with checkpoints.</param>
    /// <param name="block">The block, from 0.</param>
    internal void FitBlock(IDataView input, NoPropRun run, int block) => Train(input, run, block).Model.Network.Dispose();

    /// <summary>Returns a transformer around blocks that were trained apart.</summary>
    /// <param name="trained">What each block's training was and the weights it gave, in the order of the blocks.</param>
    internal NoPropTransformer Merge(IReadOnlyList<TrainedBlock> trained)
    {
        using var log = new TrainingLog(_host.Start("Merging"), Run.Logger);
        if (trained.Select(block => block.Fingerprint.Hardware).Distinct().ToList() is { Count: > 1 } hardware)
        {
            log.Warning(
                $"The blocks were trained on {string.Join("; and on ", hardware)}: one process may give a model that differs in last bits, "
                    + "and by more where the precision is another one.");
        }

        var weights = Weights.Promised(TorchBackend.DeviceOnceNeeded(_environment, log.Warning));
        weights.Module = _backbone;
        return TrainedBlock.Merge(trained, weights);
    }

    // A new project lacks both packages, and hears of both at once.
    private Device Device(TrainingLog log)
    {
        try
        {
            return TorchBackend.DeviceOf(_environment, log.Warning);
        }
        catch (InvalidOperationException fault) when (!TorchBackend.IsPresent && PretrainedFile.MissingPackage(Options) is { } also)
        {
            throw UserFault.Of(new InvalidOperationException($"{fault.Message} {also}", fault));
        }
    }

    private (StoredModel Model, DataViewType Features) Train(IDataView input, NoPropRun run, int? block = null)
    {
        using var log = new TrainingLog(_host.Start("Training"), run.Logger);
        var session = new TrainingSession(Options, run, log)
        {
            Block = block,
            Backbone = _backbone,
            Seed = Seed,
            StreamsOf = StreamsOf,
            Clock = Clock,
            Device = () => Device(log),
            CheckAlive = CheckAlive,
        };
        var kept = run.Checkpoints is { } checkpoints ? Path.GetFullPath(checkpoints.Folder) : null;
        try
        {
            return session.Train(input);
        }
        catch (OperationCanceledException fault) when (kept is not null)
        {
            throw new OperationCanceledException(
                run.Checkpoints!.Resume == CheckpointResume.Never
                    ? $"Training was cancelled. The same training begins anew, for {nameof(Checkpoints.Resume)} is "
                        + $"{CheckpointResume.Never}; with {CheckpointResume.IfPresent} one goes on from the newest checkpoint in '{kept}'."
                : CheckpointFolder.Names(kept) is []
                    ? $"Training was cancelled before there was a checkpoint in '{kept}': the same training begins anew{ButFeatures(kept)}."
                    : $"Training was cancelled. The same training goes on from the newest checkpoint in '{kept}'.",
                fault,
                fault.CancellationToken);
        }

        static string ButFeatures(string folder) => File.Exists(Path.Combine(folder, FeatureFile.Name))
            ? ", but for what the pretrained network saw in the photos so far"
            : string.Empty;

        void CheckAlive()
        {
            run.CancellationToken.ThrowIfCancellationRequested();
            HostEnvironment.CheckAlive(_host);
        }
    }
}
