using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using NullaProp.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Plan;
using NullaProp.ML.Reading;
using NullaProp.ML.Scoring;
using NullaProp.ML.Storage;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

[assembly: LoadableClass(
    typeof(NoPropTransformer), null, typeof(SignatureLoadModel), "NoProp classifier", NoPropTransformer.LoaderSignature)]

namespace NullaProp.ML;

/// <summary>A trained NoProp classifier: adds the predicted class and the class probabilities to data, and what else the options name a
/// column for.</summary>
/// <remarks>
/// Scoring is a pure function of model and row, from any thread and after a reload: equal batches score equally to the bit, and a row alone
/// or in another batch to some 1e-6, since sums are then taken in another order. Data is scored when a cursor asks, the first row by itself
/// and then in batches of up to 256; nothing is kept between passes, so cache the scored data if it is read more than once. A cursor opens
/// its source once, so a queue or a generator is scored right, too. It reads a batch ahead: who leaves such a source half way finds up to a
/// batch of its rows, and one that it waits for, taken out. Where the next row does not come within 10 ms, those that came are scored.
/// </remarks>
/// <threadsafety>All members may be used from several threads at once. Memory is freed after the last use under way has
/// ended.</threadsafety>
public sealed class NoPropTransformer : ISingleFeaturePredictionTransformer<NoPropModel>, ISingleFeaturePredictionTransformer, IDisposable
{
    internal const string LoaderSignature = "NoPropClassifier"; // at most 24 characters

    private readonly NoPropScorer _scorer;
    private readonly ScoreColumns _columns;

    internal NoPropTransformer(NoPropScorer scorer)
        : this(scorer, new VectorDataViewType(NumberDataViewType.Single, scorer.Shape.Channels, scorer.Shape.Height, scorer.Shape.Width))
    {
    }

    internal NoPropTransformer(NoPropScorer scorer, DataViewType featureColumnType)
    {
        var stored = scorer.Model;
        _columns = new ScoreColumns(stored.Options, stored.Classes, stored.Keys);
        (_scorer, FeatureColumnType, Model) = (scorer, featureColumnType, new NoPropModel(stored));
    }

    /// <summary>Gets the model: its options, sizes and class names.</summary>
    public NoPropModel Model { get; }

    /// <summary>Gets what holds the weights.</summary>
    internal NoPropScorer Scorer => _scorer;

    /// <summary>Gets the name of the feature column.</summary>
    public string FeatureColumnName => Model.Options.FeatureColumnName;

    /// <summary>Gets the type of feature column that the model is made for: that of the training data, or after a reload or a merge
    /// of blocks a vector of the image's size. Other layouts of the same size are read, too, by their dimensions: (C, H, W) channel by
    /// channel, (H, W, C) pixel by pixel, and a flat vector always channel by channel, however the training data lay.</summary>
    public DataViewType FeatureColumnType { get; }

    /// <summary>Gets <see langword="true"/>: every row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Returns a transformer with the same parameters that scores in another way. Both must be disposed of.</summary>
    /// <param name="change">Returns how to score, from how this transformer does.</param>
    /// <returns>The other transformer.</returns>
    /// <exception cref="ArgumentException">
    /// An option is out of range, has no effect for this model, or asks for too much work for one row.
    /// </exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    /// <example><code>using var finer = model.WithSampling(sampling => sampling with { SolverSteps = 40 });</code></example>
    public NoPropTransformer WithSampling(Func<Sampling, Sampling> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var sampling = change(Model.Options.Sampling)
            ?? throw new ArgumentException(
                "The function returned null, but must return how to score. Write sampling => sampling with { … }.", nameof(change));
        return With(Model.Options with { Sampling = sampling });
    }

    /// <summary>
    /// Returns a transformer with the same parameters that reads and writes columns of other names. Both must be disposed of.
    /// </summary>
    /// <param name="features">The column of images; <see langword="null"/> for the same as before, as of the others.</param>
    /// <param name="label">The column of labels, which <see cref="Diagnose"/> reads.</param>
    /// <param name="score">The output column of class probabilities.</param>
    /// <param name="predictedLabel">The output column of the predicted class.</param>
    /// <returns>The other transformer.</returns>
    /// <exception cref="ArgumentException">A name is empty, or two output columns have the same.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public NoPropTransformer WithColumns(
        string? features = null, string? label = null, string? score = null, string? predictedLabel = null) =>
        With(Model.Options with
        {
            FeatureColumnName = features ?? Model.Options.FeatureColumnName,
            LabelColumnName = label ?? Model.Options.LabelColumnName,
            ScoreColumnName = score ?? Model.Options.ScoreColumnName,
            PredictedLabelColumnName = predictedLabel ?? Model.Options.PredictedLabelColumnName,
        });

    /// <summary>Returns a transformer with the same parameters that scores on fewer or more threads. Both must be disposed of.</summary>
    /// <param name="threads">
    /// The most threads that score for one call, from 1 to 1,024; <see langword="null"/> for the default. Nothing of it is saved.
    /// </param>
    /// <returns>
    /// The other transformer. It scores each row by itself in managed memory, as where libtorch is missing: to the bit the same with any
    /// number of threads and in any batch.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    /// <exception cref="InvalidOperationException">libtorch has to compute the image network, a module of the user's own.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public NoPropTransformer WithThreads(int? threads) => new(_scorer.WithThreads(threads), FeatureColumnType);

    /// <summary>
    /// Measures what should stand beside the accuracy of the model: that of one evaluation, that with noise in place of the noisy label,
    /// and the norm of the embeddings.
    /// </summary>
    /// <param name="data">
    /// Labelled data, read once; where it takes more than the <see cref="NoPropOptions.MaxCachedBytes"/> of training, read again, batch by
    /// batch.
    /// </param>
    /// <returns>The figures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature or label column is missing or does not fit.</exception>
    /// <exception cref="InvalidOperationException">No row has a label, one cannot be read, or libtorch is missing.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public NoPropDiagnostics Diagnose(IDataView data)
    {
        ArgumentNullException.ThrowIfNull(data);
        Bind(data.Schema); // says what does not fit
        InputColumns.CheckClasses(data, Model.Options.LabelColumnName, Model.ClassCount, _columns.Keys);
        using var loader = new ImageLoader(Model.Options, static () => { }, static _ => { }) { Threads = Environment.ProcessorCount };
        var images = loader.Load(data, Model.ImageShape, "diagnostic", _scorer.Range);
        var (single, noise) = _scorer.Diagnose(images);
        return new NoPropDiagnostics(images.Count, single, noise, Model.EmbeddingNorm);
    }

    /// <summary>
    /// Follows rows on their way from noise to label: what the noisy label says, and what the network predicts, at each evaluation. For
    /// pictures and lessons; a score needs none of it.
    /// </summary>
    /// <param name="data">Rows with the feature column. Read twice for each point.</param>
    /// <returns>The evaluations in their order, and the end of the way.</returns>
    /// <exception cref="InvalidOperationException">A plain classifier goes no way; or the rows cannot be read, or not twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public IReadOnlyList<DenoisingPoint> DenoisingPath(IDataView data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!Model.Options.Variant.GoesFromNoiseToLabel)
        {
            throw new InvalidOperationException(
                $"The model is a {Model.Options.Variant.GetType().Name}, which evaluates once and goes no way from noise to label. "
                + $"Train another variant, such as {nameof(ContinuousTime)}.");
        }

        return DenoisingPoint.Along(_scorer.Plan, part => Along(part, data));
    }

#pragma warning disable RS0026 // a path or a stream, as in mlContext.Model.Save
    /// <summary>
    /// Writes the model as an ONNX file, which needs neither .NET nor libtorch: raw pixels in, class probabilities out, in opset 12.
    /// Probabilities are the model's own up to rounding, some 1e-6. The same model gives the same bytes. An input that is a vector
    /// (<see cref="OnnxLayout.Vector"/>) is read channel by channel, whatever the column of the training was: only
    /// <c>SaveNoPropAsOnnx</c> knows that.
    /// </summary>
    /// <param name="path">Where to. A file that is there stays as it is until the new one is complete.</param>
    /// <param name="export">The names and forms of input and outputs; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">Two names are the same, or one is empty or starts with a slash.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; the message says what to change.</exception>
    /// <exception cref="IOException">The file cannot be written; nothing of it remains.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder may not be written to.</exception>
    public void SaveAsOnnx(string path, OnnxExport? export = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        WholeFile.Replace(path, stream => SaveAsOnnx(stream, export));
    }

    /// <summary>
    /// Writes the model as an ONNX file into a stream, as <see cref="SaveAsOnnx(string, OnnxExport?)"/> does under a path.
    /// </summary>
    /// <param name="stream">Where to, from its current position on; it need not seek.</param>
    /// <param name="export">The names and forms of input and outputs; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">Two names are the same, or one is empty or starts with a slash.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; the message says what to change.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public void SaveAsOnnx(Stream stream, OnnxExport? export = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _scorer.SaveAsOnnx(stream, (export ?? new()).Of(Model.ImageShape), image: null, PixelLayout.Planar);
    }
#pragma warning restore RS0026

    /// <summary>Writes the model as an ONNX file whose graph starts at the images of a chain.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="export">The names and forms of input and outputs.</param>
    /// <param name="before">The transformers before this one.</param>
    /// <param name="schema">The schema of their input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    internal void SaveAsOnnx(Stream stream, OnnxExport export, IReadOnlyList<ITransformer> before, DataViewSchema schema)
    {
        var whole = export.Of(Model.ImageShape);
        var bound = Bind(before.Aggregate(schema, (input, step) => step.GetOutputSchema(input))); // says what does not fit
        var image = ImageSteps.Of(before, schema, FeatureColumnName, Model.ImageShape.Channels);
        _scorer.SaveAsOnnx(stream, whole, image, bound.Format.Layout);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoredRowMapper(Bind(inputSchema), _scorer);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The feature column is missing or does not fit, or a label column names other classes than the model: evaluation compares numbers.
    /// </exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var schema = Bind(input.Schema);
        InputColumns.CheckNames(input.Schema, Model.Options.LabelColumnName, _columns.Keys);
        var scored = new ScoredDataView(input, schema, _scorer);
        return new ConvertibleView(input, scored, graph => _scorer.Convert(graph, schema.Format.Layout));
    }

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        var stored = _scorer.Model;
        _scorer.Use(() =>
        {
            var (weightsHash, hash) = (string.Empty, Array.Empty<byte>());
            ModelStreams.WriteHeader(ctx, ModelFormat.Current);
            ModelStreams.Write(ctx, ModelFile.WeightsName, stream => weightsHash = ModelFile.WriteWeights(stream, stored));
            ModelStreams.Write(ctx, ModelFile.DescriptionName, stream => hash = ModelFile.WriteDescription(stream, stored, weightsHash));
            ModelStreams.WriteHash(ctx, hash);
        });
    }

    /// <summary>Frees the model's native memory. May be called more than once.</summary>
    public void Dispose() => _scorer.Dispose();

    // Called by ML.NET, which finds it by its name and parameters.
    internal static NoPropTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        var host = env.Register(nameof(NoPropTransformer));
        using var log = new TrainingLog(host.Start("Loading"), logger: null);
        return new NoPropTransformer(new NoPropScorer(Read(ctx, TorchBackend.DeviceOnceNeeded(host, log.Warning))));
    }

    /// <summary>Reads a model without asking for libtorch, unless the network is the user's own.</summary>
    /// <param name="ctx">ML.NET's context.</param>
    /// <param name="device">Where the weights shall be once they are tensors.</param>
    /// <exception cref="FormatException">The model is damaged, newer or too old; the message says which.</exception>
    internal static StoredModel Read(ModelLoadContext ctx, Lazy<Device> device)
    {
        try
        {
            var hash = ModelStreams.ReadHash(ctx, ModelFormat.Require);
            ModelArchive.Check(ctx, ModelFile.WeightsName);
            var description = ModelStreams.Read(ctx, ModelFile.DescriptionName, stream => ModelFile.ReadDescription(stream, hash));
            return ModelStreams.Read(ctx, ModelFile.WeightsName, stream => ModelFile.ReadWeights(stream, description, device));
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException)
        {
            UserFault.Of(fault);
            throw;
        }
    }

    private List<float[]> Along(SamplingPlan part, IDataView data)
    {
        using var transformer = new NoPropTransformer(_scorer.Along(part), FeatureColumnType);
        return [.. transformer.Transform(data).GetColumn<float[]>(Model.Options.ScoreColumnName)];
    }

    private NoPropTransformer With(NoPropOptions options)
    {
        options.Validate();
        return new NoPropTransformer(_scorer.With(options), FeatureColumnType);
    }

    private ScoredSchema Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new ScoredSchema(inputSchema, FeatureColumnName, Model.ImageShape, _scorer.Model.SlotNames, _columns);
    }
}
