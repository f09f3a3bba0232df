using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>One call of <see cref="NoPropTrainer.Fit(IDataView, NoPropRun)"/>: from rows to a model.</summary>
/// <param name="options">The options.</param>
/// <param name="run">Who takes part.</param>
/// <param name="log">Hears what goes on.</param>
internal sealed partial class TrainingSession(NoPropOptions options, NoPropRun run, TrainingLog log)
{
    private readonly Checkpoints? _checkpoints = run.Checkpoints?.In(Path.GetFullPath(run.Checkpoints.Folder)); // current folders change
    private readonly HashSet<string> _warned = []; // of what is read
    private bool _isCancelled; // and gives its model so far

    /// <summary>Gets the block of discrete time to train apart, from 0; <see langword="null"/> for a whole model.</summary>
    public required int? Block { get; init; }

    /// <summary>Gets what makes the user's own image network; <see langword="null"/> for one of ours, or one that is registered.</summary>
    public required Func<ImageShape, nn.Module<Tensor, Tensor>>? Backbone { get; init; }

    /// <summary>Gets the seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Gets what makes the random streams of a seed.</summary>
    public required Func<int, RandomStreams> StreamsOf { get; init; }

    /// <summary>Gets what progress and checkpoints are timed by.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Gets what finds the device.</summary>
    public required Func<Device> Device { get; init; }

    /// <summary>Gets what is called before every row and step; throws to stop.</summary>
    public required Action CheckAlive { get; init; }

    // A training of a part of a pretrained network follows one of what is new.
    private FineTuning Tuning => options.FineTuning != FineTuning.Automatic ? options.FineTuning
        : run.Validation is null || !options.Backbone.IsPretrained() ? FineTuning.Frozen
        : FineTuning.LastStage;

    // Of the second training, in a folder below that of the first.
    private Checkpoints? SecondCheckpoints => OfSecond(options.FineTuning);

    private Checkpoints? OfSecond(FineTuning tuning) => _checkpoints?.In(Path.Combine(_checkpoints.Folder, $"{tuning}"));

    /// <summary>Trains a model.</summary>
    /// <param name="input">Labelled images.</param>
    /// <returns>The model, and the type of the feature column.</returns>
    public (StoredModel Model, DataViewType Features) Train(IDataView input)
    {
        TrainingChecks.Run(run);
        var pace = new ProgressPace(HostProgress.Of(run.Progress), Clock, options.Epochs * (Tuning == FineTuning.Frozen ? 1 : 2));
        var previous = run.Previous?.Scorer;
        var (feature, about) = Description(input, previous);
        var checks = new TrainingChecks(options, about);
        checks.BeforeReading(input, previous, run.Validation, log.Warning);
        var device = Device();
        log = log.AmongTensors(); // libtorch is there
        using var kept = _checkpoints is { } checkpoints ? Open(checkpoints) : null;
        using var memory = new KeptMemory();
        using var threads = new ThreadCount(run.Threads);
        var pretrained = PretrainedFile.Read(
            previous is not null || options.Backbone.IsPretrained() ? null : options.BackboneWeightsPath);
        using var trunk = Trunk(previous, device);
        using var seen = kept is null || trunk is null ? null : Seen(kept, trunk, device);
        using var loader = Loader(
            pace, trunk is null ? null : Features(PretrainedBackbone.FeatureShape, seen is null ? trunk.Features : seen.Write));
        IReadOnlyList<long> rows = [];
        var data = Load(loader, input, about.Shape, pace, totals =>
        {
            checks.Rows(totals, previous, log.Warning);
            rows = totals.Rows;
        });
        data = data with { TrainingStreams = previous is null ? data.Streams : data.Streams.After(Hash(previous)) };
        checks.Values(data.Training, previous, log.Warning);
        if (Tuning == FineTuning.LastStage) // before the first training, which would be lost
        {
            var stage = PretrainedBackbone.StageShape;
            ImageLoader.CheckBatch(stage, stage.Size * sizeof(float), data.Training.Count, options);
        }

        log.Information(EpochReport.Beginning(
            data.Training, about.Classes, FastBFloat16.Choose(options, device), device, previous is not null));

        about = about with { IsOfBytes = trunk is not null || (previous?.Model.IsOfBytes ?? data.Training.ChannelStatistics().AreOfBytes) };
        var fingerprint = new Lazy<TrainingFingerprint>(() => Fingerprint(about, data, previous, trunk, device)); // for checkpoints alone
        var monitor = new TrainingMonitor(metrics => log.Epoch(EpochReport.Sentence(metrics)), CheckAlive)
        {
            Pace = pace,
            WhenCancelled = run.WhenCancelled,
            EndedEarly = (epoch, epochs, lowest) => TellEndedEarly(EpochReport.EndedEarly(epoch, epochs, lowest)),
            Inform = log.Information,
            Warn = log.Warning,
        };
        CheckSecond(fingerprint);
        var first = monitor with
        {
            States = kept is null ? null : States(kept, _checkpoints!, fingerprint.Value, () => ForgetSecond(fingerprint)),
            Epochs = (0, Tuning == FineTuning.Frozen ? 0 : options.Epochs),
        };
        var (network, loop) = NetworkTraining.Run(
            trunk is null ? options : Tries() with { Augmentation = Augmentation.None },
            data,
            previous is null ? () => First(pretrained, data, feature, about, device)
                : () => trunk is null ? previous.Copy(options, device) : previous.CopyHead(options, device),
            trunk is null ? static whole => whole : head => trunk.Under(head, options),
            first);
        if (trunk is not null && Tuning != FineTuning.Frozen && !_isCancelled)
        {
            (network, loop) = FineTuned(network, loop, trunk, input, (data, rows), monitor, fingerprint);
        }

        return (new StoredModel(about, network, loop.Starts), feature.Type);
    }

    // What the model will be, as far as the columns tell before a row is read.
    private (DataViewSchema.Column Feature, ModelDescription About) Description(IDataView input, NoPropScorer? previous)
    {
        var wanted = options.ImageShape ?? previous?.Shape ?? (options.Backbone.IsPretrained() ? PretrainedBackbone.Shape : null);
        var (feature, format) = InputColumns.Feature(input.Schema, options.FeatureColumnName, wanted, options.Backbone);
        var (label, classes) = InputColumns.Label(input, options.LabelColumnName);
        var stored = options.WithKeptFineTuning() with { BackboneWeightsPath = null };
        var keys = ClassValues.Of(label, classes) ?? previous?.Model.Keys;
        return (feature, new ModelDescription(stored, format.Shape, classes, keys, Seed)
        {
            SlotNames = InputColumns.SlotNames(feature) is { Count: > 0 } named ? named : previous?.Model.SlotNames ?? [],
        });
    }

    private TrainingFingerprint Fingerprint(
        ModelDescription about, TrainingData data, NoPropScorer? previous, FrozenTrunk? trunk, Device device) => new(
        about with { Options = about.Options with { EarlyStoppingPatience = Tries().EarlyStoppingPatience } },
        Block,
        data.Training.Hash(),
        data.Validation?.Hash(),
        previous is null ? trunk?.Hash() ?? PretrainedFile.Hash(options.BackboneWeightsPath) : Hash(previous),
        ModelFile.LibraryVersion,
        $"{device} with {get_num_threads()} threads, {FastBFloat16.Choose(options, device).BackbonePrecision} precision, "
            + Kind(device));

    // By what the last bits of a computation may differ. Of the others nothing is known but what they are.
    private static string Kind(Device device) =>
        device.type == TorchSharp.DeviceType.CPU ? ProcessorKind.Name : $"{device.type}";

    private static string Hash(NoPropScorer model) => model.Use(() => ModelFile.HashOf(model.Model));

    private static ImageFeatures Features(ImageShape shape, FeatureWriter write) =>
        new(shape, write, new PixelRange(isOfBytes: true) { IsOfPhotos = true });

    // Where two trainings are compared, each goes on to its end, and stands for its best epoch.
    private NoPropOptions Tries() =>
        options.FineTuning == FineTuning.Automatic && Tuning != FineTuning.Frozen && options.EarlyStoppingPatience == 0
        ? options with { EarlyStoppingPatience = options.Epochs }
        : options;

    private void TellEndedEarly(string sentence)
    {
        _isCancelled = true;
        log.Warning(sentence);
        using var host = new HostCode();
        run.EndedEarly?.Invoke();
    }

    // What the first reading said is not said again of the second one, of the same rows.
    private void WarnOnce(string warning)
    {
        if (_warned.Add(warning))
        {
            log.Warning(warning);
        }
    }

    private CheckpointFolder Open(Checkpoints checkpoints) =>
        CheckpointFolder.Open(checkpoints.Folder, checkpoints.LockTimeout, log.Information, CheckAlive, run.CancellationToken);

    // Another device or processor sees the same but for last bits: a training is a function of what its own sees.
    private FeatureFile Seen(CheckpointFolder folder, FrozenTrunk trunk, Device device) => new(
        folder.PathOf(FeatureFile.Name),
        Encoding.UTF8.GetBytes($"{trunk.Hash()}{ModelFile.LibraryVersion}{Kind(device)}"),
        PretrainedBackbone.FeatureCount, trunk.Features, log.Information, log.Warning);

    private CheckpointSeries States(
        CheckpointFolder folder, Checkpoints checkpoints, TrainingFingerprint fingerprint, Action? replaced = null) =>
        new(folder, checkpoints, fingerprint, Clock, log.Information, log.Warning) { Replaced = replaced };

    private ImageLoader Loader(ProgressPace pace, ImageFeatures? features) =>
        new(options, CheckAlive + pace.Row, WarnOnce, features) { ReadAgain = pace.ReadAgain, Threads = get_num_threads() };

    private TrainingData Load(ImageLoader loader, IDataView input, ImageShape shape, ProgressPace pace, Action<ClassTotals> check)
    {
        pace.BeginReading(input.GetRowCount());
        var isOfPixels = !options.Backbone.IsPretrained(); // else they are checked before their features are computed
        var images = loader.LoadTraining(input, shape, check, isOfPixels ? run.Previous?.Scorer.Range : null);
        pace.BeginReading(run.Validation?.GetRowCount());
        var watched = run.Validation is null ? null : loader.Load(
            run.Validation, shape, "validation", isOfPixels ? new PixelRange(images.ChannelStatistics().AreOfBytes) : null);
        pace.EndReading();
        return new TrainingData(images, watched, StreamsOf(Seed));
    }

    // A new network, with what it takes from the data before training.
    private Denoiser First(
        PretrainedFile? pretrained, TrainingData data, DataViewSchema.Column feature, ModelDescription about, Device device)
    {
        var weights = Weights.Drawn(data.Streams, device, pretrained?.Weights);
        weights.Module = Backbone;
        var network = new Denoiser(weights, options, data.Training.Shape, about.Classes, Block is { } only ? [only] : null);
        try
        {
            pretrained?.CheckUse(log.Warning);
            var statistics = data.Training.ChannelStatistics();
            var (mean, scale) = pretrained?.Scaling(options.Backbone, statistics) ?? (statistics.Mean, statistics.Scale);
            network.Normalization.Set(mean, scale);
            if (ClassPrototypes.AreAskedFor(options))
            {
                new ClassPrototypes(network, options, data, about.Keys?.Names).Set(CheckAlive);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    // The part of a pretrained network that is not trained; that of a model to train further is in the model.
    private FrozenTrunk? Trunk(NoPropScorer? previous, Device device) => !options.Backbone.IsPretrained()
        ? null
        : previous?.CopyTrunk(device) ?? PretrainedFile.ReadTrunk(options.BackboneWeightsPath, device);
}
