using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Training;

/// <summary>A model read back from its zip, as a program that only predicts would use it.</summary>
internal sealed class ImagePredictor : IDisposable
{
    private const int StepsShown = 16;
    private const int ImagesAtOnce = 32; // what a network keeps of an image may be megabytes

    private readonly MLContext _mlContext = WarningLog.CreateContext();
    private readonly ITransformer _model;
    private readonly NoPropTransformer _classifier; // of the model, with its scores in the column that a prediction has
    private readonly TransformerChain<ITransformer> _scoring;
    private readonly PredictionEngine<ImageRow, ImagePrediction> _engine;
    private readonly DataViewSchema _inputSchema;
    private readonly Lazy<PredictionEngine<Upload, ImagePrediction>> _uploads;

    private ImagePredictor(string modelPath)
    {
        _model = _mlContext.Model.Load(modelPath, out var schema);
        _inputSchema = schema ?? _mlContext.Data.LoadFromEnumerable<ImageRow>([]).Schema; // it can be saved without one
        var classifier = _model.GetNoPropTransformer();
        _classifier = classifier.WithColumns(score: nameof(ImagePrediction.Score));

        // A picture to classify has no label, and what comes after the score names classes, which the classifier knows.
        var before = _model.Steps().TakeWhile(step => step != classifier).Where(step => step is not ValueToKeyMappingTransformer);
        _scoring = new TransformerChain<ITransformer>([.. before, _classifier]);
        _engine = _mlContext.Model.CreatePredictionEngine<ImageRow, ImagePrediction>(
            _scoring, new PredictionEngineOptions { OwnsTransformer = false });
        _uploads = new(() => _mlContext.Model.CreatePredictionEngine<Upload, ImagePrediction>(
            _scoring, new PredictionEngineOptions { OwnsTransformer = false }));
    }

    /// <summary>Gets the names of the classes, in the order of the scores.</summary>
    public IReadOnlyList<string> ClassNames => _classifier.Model.ClassNames;

    /// <exception cref="UserMistakeException">The file is missing or holds no model of images.</exception>
    public static ImagePredictor Load(string modelPath)
    {
        if (!File.Exists(modelPath))
            throw new UserMistakeException($"There is no model file '{modelPath}'.");
        try
        {
            NoPropModelFile.Check(modelPath); // first: ML.NET may read its own part of a damaged file without end
            return new ImagePredictor(modelPath);
        }
        catch (Exception exception)
        {
            // ML.NET has no one exception type for a file that is not a model, cut short, or a model of something else.
            var reason = exception.GetBaseException().Message;
            throw new UserMistakeException($"The file '{modelPath}' cannot be loaded as an image classifier: {reason}", exception);
        }
    }

    /// <summary>Returns the classes of one image, the most likely first.</summary>
    /// <exception cref="UserMistakeException">The file is missing or is not an image.</exception>
    public IReadOnlyList<ClassProbability> Predict(string imagePath)
    {
        try
        {
            return Ordered(_engine.Predict(new ImageRow { ImagePath = imagePath }));
        }
        catch (Exception exception) when (ImageFile.Fault(imagePath) is { } fault)
        {
            throw new UserMistakeException(fault, exception);
        }
    }

    /// <summary>Returns the classes of an image that is no file, the most likely first. For one caller at a time.</summary>
    /// <exception cref="UserMistakeException">It cannot be read as an image.</exception>
    public IReadOnlyList<ClassProbability> Predict(byte[] image)
    {
        if (!_scoring.OfType<ImageFileLoadingTransformer>().Any())
            throw new UserMistakeException(
                "The model does not read its files with LoadImageFiles, and so reads no uploads either. Train it with 'train'.");
        try
        {
            return Ordered(_uploads.Value.Predict(new Upload { Contents = image }));
        }
        catch (Exception exception) when (ImageFile.Fault(new MemoryStream(image)) is { } fault)
        {
            throw new UserMistakeException(fault, exception);
        }
    }

    /// <summary>
    /// Draws the way of an image from noise to label: from a random start, in steps short enough to look at.
    /// </summary>
    /// <exception cref="UserMistakeException">
    /// The file is missing or is not an image, the model goes no way, or the picture cannot be written.
    /// </exception>
    public void DrawPath(string imagePath, OutputFile picture)
    {
        if (ImageFile.Fault(imagePath) is { } fault)
            throw new UserMistakeException(fault);
        RequireWay();
        using var walker = _classifier.WithSampling(_ => _classifier.Model.Options.Variant is DiscreteTime
            ? new Sampling { Draws = 1 } // its blocks are its steps
            : new Sampling { Draws = 1, Solver = OdeSolver.ExponentialEuler, SolverSteps = StepsShown });
        var path = walker.DenoisingPath(_scoring.Transform(_mlContext.Data.LoadFromEnumerable([new ImageRow { ImagePath = imagePath }])));
        DenoisingChart.Save(path, walker.Model.ClassNames, imagePath, picture.Path);
    }

    /// <summary>Refuses a model that has no way from noise to label, which <c>--path</c> asks for.</summary>
    /// <exception cref="UserMistakeException">It is a plain classifier.</exception>
    public void RequireWay()
    {
        if (_classifier.Model.Options.Variant is CrossEntropyBaseline)
            throw new UserMistakeException(
                "The model is a plain classifier, which goes no way from noise to label. Leave --path out, or train a model without "
                + $"--variant {nameof(CrossEntropyBaseline)}.");
    }

    /// <summary>Returns the probabilities of many images, scored in batches: one row for each image, one value for each class.</summary>
    public IEnumerable<float[]> Scores(IReadOnlyList<ImageRow> images) =>
        _scoring.Transform(_mlContext.Data.LoadFromEnumerable(images)).GetColumn<float[]>(nameof(ImagePrediction.Score));

    /// <summary>Writes the model as an ONNX file whose graph starts at the pixels of images, 0 to 255.</summary>
    /// <exception cref="UserMistakeException">The model cannot be said in ONNX, or the file cannot be written.</exception>
    public void SaveAsOnnx(string path, OnnxExport export)
    {
        try
        {
            _mlContext.Model.SaveNoPropAsOnnx(_model, _inputSchema, path, export);
        }
        catch (Exception exception) when (exception
            is InvalidOperationException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserMistakeException($"The model cannot be written to '{path}': {exception.Message}", exception);
        }
    }

    /// <summary>Returns by how much a probability of the ONNX file's differs from the model's own at most; NaN where one is none.</summary>
    /// <exception cref="UserMistakeException">A file is missing or is not an image.</exception>
    public double DifferenceFromOnnx(string path, IReadOnlyList<ImageRow> images)
    {
        if (images.Select(image => ImageFile.Fault(image.ImagePath)).OfType<string>().ToList() is { Count: > 0 } faults)
            throw new UserMistakeException(string.Join('\n', faults));
        using var file = new OnnxImageModel(path);
        return images.Chunk(ImagesAtOnce).Select(some => Difference(file, path, some)).Aggregate(Math.Max); // LINQ's own passes over NaN
    }

    public void Dispose()
    {
        if (_uploads.IsValueCreated)
            _uploads.Value.Dispose();
        _engine.Dispose();
        _classifier.Dispose();
        (_model as IDisposable)?.Dispose();
    }

    private double Difference(OnnxImageModel file, string path, ImageRow[] images)
    {
        var scored = _scoring.Transform(_mlContext.Data.LoadFromEnumerable(images));
        float[] own = [.. scored.GetColumn<float[]>(nameof(ImagePrediction.Score)).SelectMany(score => score)];
        var resized = scored.Schema.Last(column => column.Type is ImageDataViewType);
        var found = file.Probabilities(scored.GetColumn<MLImage>(resized));
        return found.Count == own.Length
            ? found.Zip(own, (theirs, ours) => Math.Abs((double)theirs - ours)).Aggregate(Math.Max)
            : throw new UserMistakeException($"'{path}' gives {found.Count} probabilities, but the model {own.Length}.");
    }

    private ClassProbability[] Ordered(ImagePrediction prediction) =>
        [.. _classifier.Model.Classes(prediction.Score).Select(one => new ClassProbability(one.Name, one.Score))];

    /// <summary>An image by what its file holds, in the column of its path.</summary>
    private sealed class Upload
    {
        [ColumnName(nameof(ImageRow.ImagePath))]
        public byte[] Contents { get; init; } = [];
    }
}

/// <summary>What the model says about an image. ML.NET fills the property by its name.</summary>
internal sealed class ImagePrediction
{
    /// <summary>Gets or sets the probability of each class; they sum to 1.</summary>
    public float[] Score { get; set; } = [];
}

/// <summary>A class and the probability, 0 to 1, that an image shows it.</summary>
internal readonly record struct ClassProbability(string ClassName, float Probability);
