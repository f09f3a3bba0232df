using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>
/// Trains a classifier of images or rows of values as a denoiser of labels: NoProp (Li, Teh, Pascanu 2025, arXiv 2503.24322) in continuous time, in discrete time
/// or by flow matching, as <see cref="NoPropOptions.Variant"/> says.
/// </summary>
/// <remarks>
/// <para>Made by <c>mlContext.MulticlassClassification.Trainers.NoProp(…)</c>. Input: a key column of labels and a column of images. Output columns: the predicted
/// class, a key, and class probabilities that sum to 1; entropy and disagreement of draws where the options name columns for them.</para>
/// <para>Training is a pure function of data, options, seed and, on the CPU, the number of threads of libtorch, which decides in which order sums are taken. It
/// leaves the trainer unchanged: it may be called any number of times, also from several threads.</para>
/// </remarks>
public sealed class NoPropTrainer : IEstimator<NoPropTransformer>
{
    private const int DefaultSeed = 0;

    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly ILogger? _logger;
    private readonly Func<ImageShape, nn.Module<Tensor, Tensor>>? _backbone; // null: one of ours, or one that is registered

    internal NoPropTrainer(
        IHostEnvironment environment,
        NoPropOptions options,
        ILogger? logger,
        Func<ImageShape, nn.Module<Tensor, Tensor>>? backbone = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _environment = environment; // a host keeps a copy of GpuDeviceId and FallbackToCpu from the time of its registration
        _host = environment.Register(nameof(NoPropTrainer));
        _logger = logger;
        _backbone = backbone;
        Options = options;
    }

    /// <summary>Gets the options.</summary>
    public NoPropOptions Options { get; }

    /// <summary>Gets what makes the random streams of a seed; a test listens here.</summary>
    internal Func<int, RandomStreams> StreamsOf { get; init; } = static seed => new RandomStreams(seed);

    /// <summary>Trains a model.</summary>
    /// <param name="input">
    /// Labelled images; read once where they take at most <see cref="NoPropOptions.MaxCachedBytes"/>, else twice before training and once an epoch, in discrete time
    /// once for each block in every epoch.
    /// </param>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature or label column is missing or does not fit.</exception>
    /// <exception cref="InvalidOperationException">The data cannot be trained on, a row cannot be read, the loss became NaN, or libtorch or the GPU asked for is missing.</exception>
    public NoPropTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Fit(input, validation: null);
    }

    /// <summary>Trains a model, watching it on other data.</summary>
    /// <param name="train">
    /// Labelled images; read once where they take at most <see cref="NoPropOptions.MaxCachedBytes"/>, else twice before training and once an epoch, in discrete time
    /// once for each block in every epoch.
    /// </param>
    /// <param name="validation">Labelled images of the same columns to measure each epoch on, and to stop by where <see cref="NoPropOptions.EarlyStoppingPatience"/> is set; may be <see langword="null"/>.</param>
    /// <param name="progress">Hears of every epoch; may be <see langword="null"/>.</param>
    /// <param name="cancellationToken">Stops the training; nothing of it remains.</param>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature or label column is missing or does not fit.</exception>
    /// <exception cref="InvalidOperationException">The data cannot be trained on, a row cannot be read, the loss became NaN, or libtorch or the GPU asked for is missing.</exception>
    /// <exception cref="OperationCanceledException">The token or the <c>MLContext</c> was cancelled.</exception>
#pragma warning disable RS0026 // The second parameter's type tells the overloads with optional parameters apart; the priority below decides for null.
    public NoPropTransformer Fit(IDataView train, IDataView? validation, IProgress<EpochMetrics>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        return Run(train, previous: null, validation, progress, cancellationToken);
    }

    /// <summary>Trains a model further, on the same data or on other data of the same classes.</summary>
    /// <param name="train">
    /// Labelled images; read once where they take at most <see cref="NoPropOptions.MaxCachedBytes"/>, else twice before training and once an epoch, in discrete time
    /// once for each block in every epoch.
    /// </param>
    /// <param name="previous">
    /// The model to start from: copies of its weights and of its scaling of pixels, which the weights depend on. It stays as it is. The optimizer and the learning rate's
    /// schedule start anew. The options that decide what the weights are must be the same; best take <c>previous.Model.Options with { … }</c>.
    /// </param>
    /// <param name="validation">Labelled images of the same columns to measure each epoch on, and to stop by where <see cref="NoPropOptions.EarlyStoppingPatience"/> is set, at the best of the new epochs; may be <see langword="null"/>.</param>
    /// <param name="progress">Hears of every epoch; may be <see langword="null"/>.</param>
    /// <param name="cancellationToken">Stops the training; nothing of it remains.</param>
    /// <returns>The new model, which the caller disposes of.</returns>
    /// <exception cref="ArgumentException">The options ask for another architecture than that of <paramref name="previous"/>; the message lists where they differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit, or the classes are others.</exception>
    /// <exception cref="InvalidOperationException">The data cannot be trained on, a row cannot be read, the loss became NaN, or libtorch or the GPU asked for is missing.</exception>
    /// <exception cref="ObjectDisposedException"><paramref name="previous"/> was disposed of.</exception>
    /// <exception cref="OperationCanceledException">The token or the <c>MLContext</c> was cancelled.</exception>
    [OverloadResolutionPriority(-1)]
    public NoPropTransformer Fit(IDataView train, NoPropTransformer previous, IDataView? validation = null, IProgress<EpochMetrics>? progress = null, CancellationToken cancellationToken = default)
#pragma warning restore RS0026
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(previous);
        CheckArchitecture(previous);
        return Run(train, previous.Scorer, validation, progress, cancellationToken);
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
        foreach (var name in new[] { Options.EntropyColumnName, Options.DisagreementColumnName }.OfType<string>())
        {
            columns[name] = SchemaShapes.Number(name);
        }

        return new SchemaShape(columns.Values);
    }

    private NoPropTransformer Run(IDataView train, NoPropScorer? previous, IDataView? validation, IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        using var log = new TrainingLog(_host.Start("Training"), _logger);
        var (feature, format) = InputColumns.Feature(train.Schema, Options.FeatureColumnName, Options.ImageShape ?? previous?.Shape, Options.Backbone);
        var (label, classes) = InputColumns.Label(train, Options.LabelColumnName);
        var keys = ClassValues.Of(label, classes) ?? previous?.Model.Keys;
        CheckPrevious(train, format, previous);
        InputColumns.CheckWeight(SchemaShapes.Of(train.Schema), Options.ExampleWeightColumnName);
        InputColumns.CheckClassWeights(Options.ClassWeights, Options.LabelColumnName, ClassValues.NamesOf(keys, classes));
        CheckAugmentation(format.Shape);
        CheckValidation(validation, format.Shape, classes, keys);
        var device = TorchBackend.DeviceOf(_environment, log.Warning);
        var start = PretrainedFile.Read(Options.BackboneWeightsPath);
        var loader = new ImageLoader(Options, CheckAlive, log.Warning);
        var images = loader.LoadTraining(train, format.Shape);
        CheckClasses(images);
        var watched = validation is null ? null : loader.Load(validation, format.Shape, "validation");
        var numbers = FastBFloat16.Choose(Options, device).BackbonePrecision == BackbonePrecision.BFloat16 ? " in bfloat16" : string.Empty;
        var rows = format.Shape.IsTable ? $"rows of {format.Shape.Size} values" : $"images of {format.Shape}";
        var from = previous is null ? string.Empty : ", from the weights of a model";
        log.Information($"Training on {images.Count} {rows} in {classes} classes, on {device}{numbers}{from}.");

        var seed = Options.Seed ?? HostEnvironment.Seed(_host) ?? DefaultSeed;
        var streams = StreamsOf(seed);
        var data = new TrainingData(images, watched, streams);
        var monitor = new TrainingMonitor(Report, CheckAlive);
        var stored = previous is null
            ? Train(First, Prepare)
            : Train(() => previous.Copy(Options, device), static _ => { });
        return new NoPropTransformer(new NoPropScorer(stored), feature.Type);

        StoredModel Train(Func<Denoiser> first, Action<Denoiser> prepare)
        {
            var (network, starts) = Trained(data, first, prepare, monitor);
            return new StoredModel(Options, format.Shape, classes, keys, seed, network, starts);
        }

        void CheckAlive()
        {
            cancellationToken.ThrowIfCancellationRequested();
            HostEnvironment.CheckAlive(_host);
        }

        Denoiser First()
        {
            var weights = Weights.Drawn(streams, device, start?.Weights);
            weights.Module = _backbone;
            return new Denoiser(weights, Options, format.Shape, classes);
        }

        // What a new network takes from the data before training.
        void Prepare(Denoiser network)
        {
            start?.CheckUse(log.Warning);
            var statistics = images.ChannelStatistics();
            network.Normalization.Set(statistics.Mean, statistics.Scale);
            foreach (var warning in statistics.Warnings(format.Shape, InputColumns.SlotNames(feature)))
            {
                log.Warning(warning);
            }

            if (ClassPrototypes.AreAskedFor(Options))
            {
                new ClassPrototypes(network, Options, data, keys?.Names).Set(CheckAlive);
            }
        }

        void Report(EpochMetrics metrics)
        {
            log.Information(EpochReport.Sentence(metrics));
            progress?.Report(metrics);
        }
    }

    private void CheckArchitecture(NoPropTransformer previous)
    {
        if (ArchitectureOptions.Differences(Options, previous.Model.Options) is { Count: > 0 } differences)
        {
            throw new ArgumentException($"The model cannot be trained further with these options: {string.Join(", ", differences)}. Give the trainer previous.Model.Options with {{ … }}.", nameof(previous));
        }
    }

    private void CheckPrevious(IDataView train, FeatureFormat format, NoPropScorer? previous)
    {
        if (previous is null)
        {
            return;
        }

        previous.Use(static () => { }); // throws now where it was disposed of, and not after reading the data
        InputColumns.CheckClasses(train, Options.LabelColumnName, previous.ClassCount, previous.Model.Keys);
        if (format.Shape != previous.Shape)
        {
            throw Marked.Exception(new ArgumentOutOfRangeException(
                paramName: null,
                $"{nameof(NoPropOptions.ImageShape)} is {format.Shape}, but the model to train further is for images of {previous.Shape}. Leave the option out, or change ResizeImages upstream."));
        }
    }

    private void CheckAugmentation(ImageShape shape)
    {
        if (Options.RandomCropPadding >= Math.Min(shape.Height, shape.Width))
        {
            throw Marked.Exception(new InvalidOperationException(
                $"{nameof(NoPropOptions.RandomCropPadding)} is {Options.RandomCropPadding}, but must be below the shorter side of the images, which are {shape}, for something of them to be left. Lower it, or enlarge the images with ResizeImages."));
        }

        if (shape.Width == 1 && (Options.HorizontalFlipProbability > 0 || Options.RotationDegrees > 0))
        {
            throw Marked.Exception(new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(NoPropOptions.HorizontalFlipProbability)} is {Options.HorizontalFlipProbability} and {nameof(NoPropOptions.RotationDegrees)} {Options.RotationDegrees}, but the rows are vectors of {shape.Size} values, which have no sides to turn: set both to 0, or set {nameof(NoPropOptions.ImageShape)} if they are images.")));
        }
    }

    private void CheckValidation(IDataView? validation, ImageShape shape, int classes, ClassValues? keys)
    {
        if (validation is not null)
        {
            InputColumns.Feature(validation.Schema, Options.FeatureColumnName, shape);
            InputColumns.CheckClasses(validation, Options.LabelColumnName, classes, keys);
        }
    }

    private void CheckClasses(ITrainingImages images)
    {
        if (!images.HasSeveralClasses)
        {
            throw Marked.Exception(new InvalidOperationException(
                $"Only one class was found among the {images.Count} rows of label column '{Options.LabelColumnName}', but a classifier needs two or more. Check the labels and how the data was split."));
        }
    }

    // Before training, which may take hours.
    private void CheckScoring(Denoiser network)
    {
        var plan = PlanCompiler.Outline(network, Options);
        if (plan.Excess(Options.Draws, network.Embedding.Dimension, network.ClassCount, Options.HiddenSize) is { } excess)
        {
            throw new InvalidOperationException(excess);
        }
    }

    private (Denoiser Network, HostTensor Starts) Trained(
        TrainingData data,
        Func<Denoiser> first,
        Action<Denoiser> prepare,
        TrainingMonitor monitor)
    {
        using var scope = NewDisposeScope();
        Denoiser? network = null;
        try
        {
            network = first();
            prepare(network);
            CheckScoring(network);
            var loop = new TrainingLoop(network, FastBFloat16.Choose(Options, network.Weights.Device), data, monitor);
            loop.Run();
            return (network, loop.Starts);
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
