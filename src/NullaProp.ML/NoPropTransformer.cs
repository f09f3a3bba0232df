using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using NullaProp.ML;
using NullaProp.ML.Data;
using NullaProp.ML.Interop;
using NullaProp.ML.Onnx;
using NullaProp.ML.Storage;

[assembly: LoadableClass(typeof(NoPropTransformer), null, typeof(SignatureLoadModel), "NoProp classifier", NoPropTransformer.LoaderSignature)]

namespace NullaProp.ML;

/// <summary>A trained NoProp classifier: adds the predicted class and the class probabilities to data, and what else the options name a column for.</summary>
/// <remarks>
/// Scoring is a pure function of model and row: an image scores the same alone, in a batch, twice, from any thread and after a reload. Data is scored in batches
/// when a cursor asks; nothing is kept between passes, so cache the scored data if it is read more than once.
/// </remarks>
/// <threadsafety>All members may be used from several threads at once. Memory is freed after the last use under way has ended.</threadsafety>
public sealed class NoPropTransformer : ISingleFeaturePredictionTransformer<NoPropModel>, ISingleFeaturePredictionTransformer, IDisposable
{
    internal const string LoaderSignature = "NoPropClassifier"; // at most 24 characters

    private readonly NoPropScorer _scorer;
    private readonly ScoreColumns _columns;

    internal NoPropTransformer(NoPropScorer scorer, DataViewType featureColumnType)
    {
        _scorer = scorer;
        var stored = scorer.Model;
        _columns = new ScoreColumns(stored.Options, stored.Classes, stored.Keys);
        FeatureColumnType = featureColumnType;
        Model = new NoPropModel(stored);
    }

    /// <summary>Gets the model: its options, sizes and class names.</summary>
    public NoPropModel Model { get; }

    /// <summary>Gets what holds the weights.</summary>
    internal NoPropScorer Scorer => _scorer;

    /// <summary>Gets the name of the feature column.</summary>
    public string FeatureColumnName => Model.Options.FeatureColumnName;

    /// <summary>Gets the type of feature column that the model is made for: that of the training data, or after a reload a vector of the image's size. Other layouts of the same size are read, too.</summary>
    public DataViewType FeatureColumnType { get; }

    /// <summary>Gets <see langword="true"/>: every row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Returns a transformer with the same weights that scores in another way. Both must be disposed of.</summary>
    /// <param name="change">
    /// Changes the options that concern scoring: <see cref="NoPropOptions.Dynamics"/>, <see cref="NoPropOptions.Solver"/>, <see cref="NoPropOptions.SolverSteps"/>,
    /// <see cref="NoPropOptions.ScoreReadout"/>, <see cref="NoPropOptions.Draws"/> and the names of columns; a name for an optional column adds it.
    /// </param>
    /// <returns>The other transformer.</returns>
    /// <exception cref="ArgumentException">An option was changed that only training can change, or is out of range.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public NoPropTransformer WithSampling(Func<NoPropOptions, NoPropOptions> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var options = change(Model.Options) ?? throw new ArgumentException("The function returned null, but must return options. Write options => options with { … }.", nameof(change));
        options.Validate();
        if (SamplingOptions.Forbidden(options, Model.Options) is { Count: > 0 } names)
        {
            throw new ArgumentException($"Only {SamplingOptions.Names} can be changed after training, but these were changed, too: {string.Join(", ", names)}. Set them before Fit.", nameof(change));
        }

        return new NoPropTransformer(_scorer.With(options), FeatureColumnType);
    }

    /// <summary>Measures what should stand beside the accuracy of the model: that of one evaluation, that with noise in place of the noisy label, and the norm of the embeddings.</summary>
    /// <param name="data">Labelled data, read once.</param>
    /// <returns>The figures.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature or label column is missing or does not fit.</exception>
    /// <exception cref="InvalidOperationException">The data has no labelled rows, or a row that cannot be read.</exception>
    public NoPropDiagnostics Diagnose(IDataView data)
    {
        ArgumentNullException.ThrowIfNull(data);
        InputColumns.CheckClasses(data.Schema, Model.Options.LabelColumnName, Model.ClassCount, _columns.Keys);
        var images = new ImageLoader(Model.Options, static () => { }, static _ => { }).Load(data, Model.ImageShape, "diagnostic");
        var (single, noise) = _scorer.Diagnose(images);
        return new NoPropDiagnostics(images.Count, single, noise, Model.EmbeddingNorm);
    }

    /// <summary>
    /// Writes the model as an ONNX file, which needs neither .NET nor libtorch: raw pixels in, class probabilities out, in opset 12.
    /// Probabilities are the model's own up to rounding, some 1e-6. The same model gives the same bytes.
    /// </summary>
    /// <param name="path">Where to. A file that is there stays as it is until the new one is complete.</param>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; the message says what to change.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public void SaveAsOnnx(string path) => SaveAsOnnx(path, new OnnxExport());

    /// <summary>Writes the model as an ONNX file with other names and forms of input and outputs than <see cref="SaveAsOnnx(string)"/>.</summary>
    /// <param name="path">Where to. A file that is there stays as it is until the new one is complete.</param>
    /// <param name="export">The names and forms.</param>
    /// <exception cref="ArgumentException">Two names are the same, or one is empty or starts with a slash.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; the message says what to change.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public void SaveAsOnnx(string path, OnnxExport export)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OnnxFile.Replace(path, stream => SaveAsOnnx(stream, export));
    }

    /// <summary>Writes the model as an ONNX file into a stream, as <see cref="SaveAsOnnx(string)"/> does under a path.</summary>
    /// <param name="stream">Where to, from its current position on; it need not seek.</param>
    /// <param name="export">The names and forms of input and outputs.</param>
    /// <exception cref="ArgumentException">Two names are the same, or one is empty or starts with a slash.</exception>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; the message says what to change.</exception>
    /// <exception cref="ObjectDisposedException">This transformer was disposed of.</exception>
    public void SaveAsOnnx(Stream stream, OnnxExport export)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(export);
        export.Validate();
        _scorer.SaveAsOnnx(stream, export);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoredRowMapper(Bind(inputSchema), _scorer);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var schema = Bind(input.Schema);
        var scored = new ScoredDataView(input, schema, _scorer);
        return new ConvertibleView(input, scored, graph => _scorer.Convert(graph, schema.Format.Layout));
    }

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        var stored = _scorer.Model;
        _scorer.UseTensors(() =>
        {
            ModelStreams.WriteHeader(ctx);
            ModelStreams.Write(ctx, ModelFile.DescriptionName, new ModelDescription(stored.Options, stored.Shape, stored.Classes, stored.Keys, stored.Seed).Write);
            ModelStreams.Write(ctx, ModelFile.WeightsName, stream => ModelFile.WriteWeights(stream, stored));
        });
    }

    /// <summary>Frees the model's native memory. May be called more than once.</summary>
    public void Dispose() => _scorer.Dispose();

    // Called by ML.NET, which finds it by its name and parameters.
    internal static NoPropTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        try
        {
            return Load(env, ctx);
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException)
        {
            Marked.Exception(fault);
            throw;
        }
    }

    private static NoPropTransformer Load(IHostEnvironment env, ModelLoadContext ctx)
    {
        ModelStreams.CheckHeader(ctx);
        ModelDescription? description = null;
        ModelStreams.Read(ctx, ModelFile.DescriptionName, stream => description = ModelDescription.Read(stream));
        var host = env.Register(nameof(NoPropTransformer));
        using var log = new TrainingLog(host.Start("Loading"), logger: null);
        var device = TorchBackend.DeviceOnceNeeded(host, log.Warning);
        StoredModel? stored = null;
        ModelStreams.Read(ctx, ModelFile.WeightsName, stream => stored = ModelFile.ReadWeights(stream, description!, device));
        var shape = stored!.Shape;
        return new NoPropTransformer(new NoPropScorer(stored), new VectorDataViewType(NumberDataViewType.Single, shape.Channels, shape.Height, shape.Width));
    }

    private ScoredSchema Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new ScoredSchema(inputSchema, FeatureColumnName, Model.ImageShape, _columns);
    }
}
