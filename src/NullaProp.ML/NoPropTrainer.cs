using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
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
/// <para>Training is a pure function of data, options, seed and, on the CPU, the number of threads of libtorch, which decides in which
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

    /// <summary>Gets what makes the random streams of a seed; a test listens here.</summary>
    internal Func<int, RandomStreams> StreamsOf { get; init; } = static seed => new RandomStreams(seed);

    /// <summary>Gets what progress is timed by.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Trains a model, with <see cref="Run"/>.</summary>
    /// <param name="input">
    /// Labelled images; read once where they take at most <see cref="NoPropOptions.MaxCachedBytes"/>, else twice before training and once
    /// an epoch, in discrete time once for each block in every epoch.
    /// </param>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">
    /// The options ask for another architecture than that of <see cref="NoPropRun.Previous"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit, or the classes are others.</exception>
    /// <exception cref="InvalidOperationException">
    /// The data cannot be trained on, a row cannot be read, the loss became NaN, libtorch or the GPU asked for is missing, or the
    /// checkpoints are of another training.
    /// </exception>
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
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit, or the classes are others.</exception>
    /// <exception cref="InvalidOperationException">
    /// The data cannot be trained on, a row cannot be read, the loss became NaN, libtorch or the GPU asked for is missing, or the
    /// checkpoints are of another training.
    /// </exception>
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
        var label = InputColumns.CheckLabel(inputSchema, Options.LabelColumnName);
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
        var weights = Weights.Promised(TorchBackend.DeviceOnceNeeded(_environment, log.Warning));
        weights.Module = _backbone;
        return TrainedBlock.Merge(trained, weights);
    }

    private (StoredModel Model, DataViewType Features) Train(IDataView input, NoPropRun run, int? block = null)
    {
        TrainingChecks.Threads(run);
        var pace = new ProgressPace(run.Progress, Clock, Options.Epochs);
        var previous = run.Previous?.Scorer;
        using var log = new TrainingLog(_host.Start("Training"), run.Logger);
        var shape = Options.ImageShape ?? previous?.Shape ?? (Options.Backbone.IsPretrained() ? PretrainedBackbone.Shape : null);
        var (feature, format) = InputColumns.Feature(input.Schema, Options.FeatureColumnName, shape, Options.Backbone);
        var (label, classes) = InputColumns.Label(input, Options.LabelColumnName);
        var keys = ClassValues.Of(label, classes) ?? previous?.Model.Keys;
        var checks = new TrainingChecks(Options, format.Shape, classes, keys);
        checks.Previous(input, previous);
        checks.Columns(input);
        checks.Augmentation();
        checks.Validation(run.Validation, log.Warning);
        var device = TorchBackend.DeviceOf(_environment, log.Warning);
        using var kept = run.Checkpoints is { } checkpoints ? Open(checkpoints) : null;
        using var threads = new ThreadCount(run.Threads);
        var pretrained = PretrainedFile.Read(Options.Backbone.IsPretrained() ? null : Options.BackboneWeightsPath);
        using var trunk = Trunk(previous, device);
        var loader = new ImageLoader(
            Options, TakeRow, log.Warning, trunk is null ? null : (PretrainedBackbone.FeatureShape, trunk.Features));
        pace.BeginReading(input.GetRowCount());
        var images = loader.LoadTraining(input, format.Shape);
        checks.Classes(images);
        pace.BeginReading(run.Validation?.GetRowCount());
        var watched = run.Validation is null ? null : loader.Load(run.Validation, format.Shape, "validation");
        log.Information(Beginning(images, classes, device, previous is not null));

        var seed = Options.Seed ?? HostEnvironment.Seed(_host) ?? DefaultSeed;
        var data = new TrainingData(images, watched, StreamsOf(seed));
        var options = Options with { BackboneWeightsPath = null };
        var monitor = new TrainingMonitor(Report, CheckAlive)
        {
            States = kept is null ? null : new CheckpointSeries(kept, run.Checkpoints!, Fingerprint(), log.Information, log.Warning),
            Pace = pace,
            WhenCancelled = run.WhenCancelled,
            EndedEarly = TellEndedEarly,
        };
        var (network, starts) = Trained(data, previous is null ? First : Copy, trunk, monitor);
        return (new StoredModel(options, format.Shape, classes, keys, seed, network, starts), feature.Type);

        TrainingFingerprint Fingerprint() => new(
            new ModelDescription(options, format.Shape, classes, keys, seed, WeightsHash: string.Empty),
            block,
            images.Hash(),
            watched?.Hash(),
            previous is null ? PretrainedFile.Hash(Options.BackboneWeightsPath) : ModelFile.HashOf(previous.Model),
            TrainingFingerprint.ThisLibrary,
            $"{device} with {get_num_threads()} threads, {FastBFloat16.Choose(Options, device).BackbonePrecision} precision");

        CheckpointFolder Open(Checkpoints where) =>
            CheckpointFolder.Open(where.Folder, where.LockTimeout, log.Information, CheckAlive, run.CancellationToken);

        void TellEndedEarly(TrainingPlace place, double lowest) => log.Warning(EpochReport.EndedEarly(place, Options.Epochs, lowest));

        void TakeRow()
        {
            CheckAlive();
            pace.Row();
        }

        void CheckAlive()
        {
            run.CancellationToken.ThrowIfCancellationRequested();
            HostEnvironment.CheckAlive(_host);
        }

        Denoiser Copy() => trunk is null ? previous!.Copy(Options, device) : previous!.CopyHead(Options, device);

        // A new network, with what it takes from the data before training.
        Denoiser First()
        {
            var weights = Weights.Drawn(data.Streams, device, pretrained?.Weights);
            weights.Module = _backbone;
            var network = new Denoiser(weights, Options, images.Shape, classes, block is { } only ? [only] : null);
            try
            {
                pretrained?.CheckUse(log.Warning);
                var statistics = images.ChannelStatistics();
                network.Normalization.Set(statistics.Mean, statistics.Scale);
                foreach (var warning in statistics.Warnings(images.Shape, InputColumns.SlotNames(feature)))
                {
                    log.Warning(warning);
                }

                if (ClassPrototypes.AreAskedFor(Options))
                {
                    new ClassPrototypes(network, Options, data, keys?.Names).Set(CheckAlive);
                }

                return network;
            }
            catch
            {
                network.Dispose();
                throw;
            }
        }

        void Report(EpochMetrics metrics) => log.Epoch(EpochReport.Sentence(metrics));
    }

    private Denoiser Whole(FrozenTrunk trunk, Denoiser head)
    {
        using (head)
        {
            return trunk.Under(head, Options);
        }
    }

    private string Beginning(ITrainingImages images, int classes, Device device, bool goesOn)
    {
        var rows = Options.Backbone.IsPretrained() ? $"photos by {images.Shape.Size} features each"
            : images.Shape.IsTable ? $"rows of {images.Shape.Size} values" : $"images of {images.Shape}";
        var isInBFloat16 = FastBFloat16.Choose(Options, device).BackbonePrecision == BackbonePrecision.BFloat16;
        var how = $"{(isInBFloat16 ? " in bfloat16" : string.Empty)}{(goesOn ? ", from the parameters of a model" : string.Empty)}";
        return $"Training on {images.Count} {rows} in {classes} classes, on {device}{how}.";
    }

    // The part of a pretrained network that is not trained; that of a model to train further is in the model.
    private FrozenTrunk? Trunk(NoPropScorer? previous, Device device) => !Options.Backbone.IsPretrained()
        ? null
        : previous?.CopyTrunk(device) ?? PretrainedFile.ReadTrunk(Options.BackboneWeightsPath, device);

    private (Denoiser Network, HostTensor Starts) Trained(
        TrainingData data, Func<Denoiser> first, FrozenTrunk? trunk, TrainingMonitor monitor)
    {
        using var scope = NewDisposeScope();
        using var mode = inference_mode(false); // weights made in the caller's could not be trained
        Denoiser? network = null;
        try
        {
            network = first();
            TrainingChecks.Scoring(network, Options);
            var loop = new TrainingLoop(network, FastBFloat16.Choose(Options, network.Weights.Device), data, monitor);
            loop.Run();
            return (trunk is null ? network : Whole(trunk, network), loop.Starts);
        }
        catch (Exception fault)
        {
            network?.Dispose();
            if (fault is InvalidOperationException)
            {
                Marked.Exception(fault);
            }

            throw;
        }
    }
}
