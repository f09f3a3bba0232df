using System.Runtime.InteropServices;
using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Scoring;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>
/// A model ready to score. Its native memory may be shared with other scorers of the same weights, and is freed when the last user
/// leaves.
/// </summary>
/// <threadsafety>Any number of threads may score at once, also while one disposes.</threadsafety>
internal sealed class NoPropScorer : IBatchScorer, IDisposable
{
    private readonly OnceMade<FoldedModel> _folded;
    private readonly OnceMade<TorchRunner> _runner; // of batches: it needs libtorch
    private readonly OnceMade<ManagedRunner> _rowRunner;
    private readonly UseCount _network;
    private readonly UseCount _use;
    private readonly int? _threads;
    private int _isDisposed;

    /// <summary>Creates the first scorer of a model.</summary>
    /// <param name="model">The model; owned from here on.</param>
    public NoPropScorer(StoredModel model)
        : this(model, new UseCount(model.Network.Dispose))
    {
    }

    // The scorer is a user of the network, who leaves if it cannot be made.
    private NoPropScorer(StoredModel model, UseCount network, SamplingPlan? plan = null, int? threads = null)
    {
        try
        {
            Model = model;
            (_network, _threads) = (network, threads);
            Plan = plan ?? PlanCompiler.For(model.Network, model.Options);
            _folded = new OnceMade<FoldedModel>(() => new FoldedModel(model.Network, Plan, model.Starts));
            _runner = new OnceMade<TorchRunner>(() => WithLibtorch(() => new TorchRunner(_folded.Value)));
            _rowRunner = new OnceMade<ManagedRunner>(() =>
            {
                var runner = new ManagedRunner(_folded.Value, model.Shape, threads ?? Environment.ProcessorCount);
                return runner.NeedsLibtorch ? WithLibtorch(() => runner) : runner;
            });
            Range = new PixelRange(model.IsOfBytes) { IsOfPhotos = model.Options.Backbone.IsPretrained() };
            _use = new UseCount(Release);
        }
        catch
        {
            network.Leave();
            throw;
        }
    }

    /// <summary>Gets the model.</summary>
    public StoredModel Model { get; }

    /// <summary>Gets the plan.</summary>
    public SamplingPlan Plan { get; }

    /// <inheritdoc/>
    public PixelRange Range { get; }

    /// <inheritdoc/>
    public ImageShape Shape => Model.Shape;

    /// <inheritdoc/>
    public int ClassCount => Model.Classes;

    /// <inheritdoc/>
    public string? Overflow => Plan.Overflow(Model.Options.Sampling);

    /// <inheritdoc/>
    public bool ScoresUsualImages => Use(ScoreUsualImage);

    /// <summary>Returns a scorer of the same weights by another plan.</summary>
    /// <param name="options">The model's options with others for sampling.</param>
    public NoPropScorer With(NoPropOptions options) =>
        Use(() =>
        {
            var plan = PlanCompiler.For(Model.Network, options);
            if (PlanCompiler.Outline(Model.Network, options).Excess( // as loading judges it, which knows no weights yet
                options.Sampling.Draws, Model.Network.Embedding.Dimension, ClassCount, options.HiddenSize) is { } excess)
            {
                throw new ArgumentException(excess, nameof(options));
            }

            var (draws, noises) = (options.Sampling.Draws, plan.StoredNoises);
            var starts = draws == Model.Options.Sampling.Draws && noises == Plan.StoredNoises
                ? Model.Starts
                : PriorDraws.Of(draws, Model.Network.Embedding.Dimension, new RandomStreams(Model.Seed), noises);
            return By(plan, Model with { Options = options, Starts = starts }, _threads);
        });

    /// <summary>Returns a scorer of the same weights that goes a part of this one's way, from the same starts.</summary>
    /// <param name="part">The plan, which ends earlier than <see cref="Plan"/>.</param>
    public NoPropScorer Along(SamplingPlan part) =>
        Use(() => By(part, Model, _threads));

    /// <summary>Returns a scorer of the same weights that uses another number of threads.</summary>
    /// <param name="threads">The most threads of one call; <see langword="null"/> for the default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    /// <exception cref="InvalidOperationException">libtorch has to compute the image network, a module of the user's own.</exception>
    public NoPropScorer WithThreads(int? threads)
    {
        ThreadCount.Require(threads, nameof(threads), nameof(threads));
        return Use(() => threads is null || Model.Options.Backbone != NoPropBackbone.Custom
            || Model.Network.Blocks[0].Backbone.Layers() is not null
            ? By(Plan, Model, threads)
            : throw new InvalidOperationException(
                "The image network is a module of the user's own, which libtorch computes, on threads that belong to the whole process. "
                + "Set their number by torch.set_num_threads, or OMP_NUM_THREADS in the environment."));
    }

    /// <summary>Returns a copy of the network to train further, which the caller disposes of.</summary>
    /// <param name="options">Options of the same architecture.</param>
    /// <param name="device">Where the copy shall be.</param>
    public Denoiser Copy(NoPropOptions options, Device device) =>
        UseTensors(() => Model.Network.Copy(options, Shape, ClassCount, device));

    /// <summary>Returns a copy of what is trained of a network over a pretrained one, which the caller disposes of.</summary>
    /// <param name="options">Options of the same architecture.</param>
    /// <param name="device">Where the copy shall be.</param>
    public Denoiser CopyHead(NoPropOptions options, Device device) =>
        UseTensors(() => FrozenTrunk.Upper(Model.Network, options, PretrainedBackbone.FeatureShape, device));

    /// <summary>Returns a copy of the pretrained network, which the caller disposes of.</summary>
    /// <param name="device">Where the copy shall be.</param>
    public FrozenTrunk CopyTrunk(Device device) => UseTensors(() => FrozenTrunk.Of(Model.Network, device));

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<float> pixels, int rows, Span<float> scores, Span<float> disagreements)
    {
        Enter();
        try
        {
            var draws = Model.Options.Sampling.Draws;
            var votes = new long[disagreements.Length * draws]; // rows × draws, empty where nobody asks
            if (rows == 1)
            {
                _rowRunner.Value.Probabilities(pixels, scores, votes);
            }
            else if (_threads is null && TorchBackend.IsPresent)
            {
                ScoreBatch(pixels, rows, scores, votes);
            }
            else
            {
                ScoreRows(pixels.ToArray(), rows, scores, votes);
            }

            for (var row = 0; row < disagreements.Length; row++)
            {
                disagreements[row] = Disagreement.Of(scores.Slice(row * ClassCount, ClassCount), votes.AsSpan(row * draws, draws));
            }
        }
        finally
        {
            _use.Leave();
        }
    }

    /// <summary>Returns the accuracy of one evaluation, and with noise for z.</summary>
    /// <param name="images">The images, at least one.</param>
    public (double SingleEvaluation, double NoiseZ) Diagnose(IImages images) =>
        UseTensors(() =>
        {
            using var scope = NewDisposeScope();
            var noise = new RandomStreams(Model.Seed).Of("diagnosis/noise");
            var (first, fromNoise) = Evaluation.OfBoth(pixels => _runner.Value.Diagnosis(pixels, noise), images);
            return (first.Unscorable ?? fromNoise.Unscorable) is { } row
                ? throw new InvalidOperationException(EpochReport.Unscorable("diagnostic", row))
                : (first.Accuracy, fromNoise.Accuracy);
        });

    /// <summary>Writes the model as an ONNX file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="export">The names and forms of input and outputs.</param>
    /// <param name="image">What is done to an image first; <see langword="null"/> where it is not known.</param>
    /// <param name="layout">The order of the feature column's values.</param>
    public void SaveAsOnnx(Stream stream, OnnxExport export, ImageSteps? image, PixelLayout layout) =>
        Use(() => new OnnxModel(Model, _folded.Value).Write(stream, export, image, layout));

    /// <summary>Adds the model to a graph that ML.NET builds.</summary>
    /// <param name="target">ML.NET's graph.</param>
    /// <param name="layout">The order of the feature column's values.</param>
    public void Convert(ConvertedGraph target, PixelLayout layout) =>
        Use(() => new OnnxModel(Model, _folded.Value).Convert(target, layout));

    /// <summary>Does something with the model while nobody can free it.</summary>
    /// <param name="action">What to do.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    public void Use(Action action) => Use(() =>
    {
        action();
        return true;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _use.Leave();
        }
    }

    private void ScoreBatch(ReadOnlySpan<float> pixels, int rows, Span<float> scores, long[] votes)
    {
        var runner = _runner.Value; // first: it says so where libtorch is missing
        using var scope = NewDisposeScope();
        var batch = empty([rows, Shape.Channels, Shape.Height, Shape.Width], dtype: ScalarType.Float32, device: CPU); // (B, C, H, W)
        pixels.CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
        MemoryMarshal.Cast<byte, float>(runner.Probabilities(batch, votes).bytes).CopyTo(scores); // (B, K)
    }

    /// <summary>Does something with the model while nobody can free it.</summary>
    /// <param name="function">What to do.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    public T Use<T>(Func<T> function)
    {
        Enter();
        try
        {
            return function();
        }
        finally
        {
            _use.Leave();
        }
    }

    private T UseTensors<T>(Func<T> function) => Use(() => WithLibtorch(function));

    private NoPropScorer By(SamplingPlan plan, StoredModel model, int? threads)
    {
        _network.TryEnter(); // succeeds: this scorer is itself a user of the network
        return new NoPropScorer(model, _network, plan, threads);
    }

    // Each row by itself: where libtorch is missing, or shall not compute on as many threads as it likes.
    private void ScoreRows(float[] pixels, int rows, Span<float> scores, long[] votes)
    {
        var probabilities = new float[rows * ClassCount];
        _rowRunner.Value.Probabilities(pixels, rows, probabilities, votes);
        probabilities.CopyTo(scores);
    }

    // The model's device is looked for when it is first asked for, before anything native is called.
    private T WithLibtorch<T>(Func<T> function)
    {
        _ = Model.Network.Weights.Device;
        return function();
    }

    private void Enter()
    {
        if (Volatile.Read(ref _isDisposed) != 0 || !_use.TryEnter())
        {
            throw new ObjectDisposedException(
                typeof(NoPropTransformer).FullName,
                "The model was disposed of, by itself, with its chain, or with a PredictionEngine, which disposes of its model unless it "
                + "was made with new PredictionEngineOptions { OwnsTransformer = false }. Dispose of a model once nobody uses it any more, "
                + "or load it again.");
        }
    }

    private bool ScoreUsualImage()
    {
        var scores = new float[ClassCount];
        Score(Model.Network.Normalization.UsualImage(), rows: 1, scores, disagreements: []);
        return HostKernels.AreFinite(scores);
    }

    private void Release()
    {
        _runner.Known?.Dispose();
        _network.Leave();
    }
}
