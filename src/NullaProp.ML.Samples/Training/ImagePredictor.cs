using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NullaProp.ML.Samples.Images;

namespace NullaProp.ML.Samples.Training;

/// <summary>A model read back from its zip, as a program that only predicts would use it: predicting names no NoProp.</summary>
internal sealed class ImagePredictor : IDisposable
{
    private readonly MLContext _mlContext = new();
    private readonly ITransformer _model;
    private readonly PredictionEngine<ImageRow, ImagePrediction> _engine;
    private readonly string[] _classNames;

    private NoPropTransformer Classifier =>
        (_model as IEnumerable<ITransformer> ?? [_model]).OfType<NoPropTransformer>().SingleOrDefault()
            ?? throw new UserMistakeException("The model has no NoProp classifier to write as ONNX.");

    private ImagePredictor(string modelPath)
    {
        _model = _mlContext.Model.Load(modelPath, out _);
        _engine = _mlContext.Model.CreatePredictionEngine<ImageRow, ImagePrediction>(_model);
        VBuffer<ReadOnlyMemory<char>> names = default;
        _engine.OutputSchema[nameof(ImagePrediction.Score)].GetSlotNames(ref names);
        _classNames = [.. names.DenseValues().Select(name => name.ToString())];
    }

    /// <summary>Gets the names of the classes, in the order of the scores.</summary>
    public IReadOnlyList<string> ClassNames => _classNames;

    /// <exception cref="UserMistakeException">The file is missing or holds no model of images.</exception>
    public static ImagePredictor Load(string modelPath)
    {
        if (!File.Exists(modelPath))
            throw new UserMistakeException($"There is no model file '{modelPath}'.");
        try
        {
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
            var prediction = _engine.Predict(new ImageRow { ImagePath = imagePath });
            return [.. _classNames
                .Zip(prediction.Score, (name, probability) => new ClassProbability(name, probability))
                .OrderByDescending(candidate => candidate.Probability)];
        }
        catch (Exception exception) when (ImageFile.Fault(imagePath) is { } fault)
        {
            throw new UserMistakeException(fault, exception);
        }
    }

    /// <summary>Returns the probabilities of many images, scored in batches: one row for each image, one value for each class.</summary>
    public IEnumerable<float[]> Scores(IReadOnlyList<ImageRow> images) =>
        _model.Transform(_mlContext.Data.LoadFromEnumerable(images)).GetColumn<float[]>(nameof(ImagePrediction.Score));

    /// <summary>Writes the model as an ONNX file.</summary>
    /// <exception cref="UserMistakeException">The model cannot be said in ONNX, or the file cannot be written.</exception>
    public void SaveAsOnnx(string path)
    {
        try
        {
            Classifier.SaveAsOnnx(path);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The model cannot be written to '{path}': {exception.Message}", exception);
        }
    }

    /// <summary>Returns by how much a probability of the ONNX file's differs from the model's own at most.</summary>
    /// <exception cref="UserMistakeException">A file is missing or is not an image.</exception>
    public double DifferenceFromOnnx(string path, IReadOnlyList<ImageRow> images)
    {
        if (images.Select(image => ImageFile.Fault(image.ImagePath)).FirstOrDefault(fault => fault is not null) is { } fault)
            throw new UserMistakeException(fault);
        var scored = _model.Transform(_mlContext.Data.LoadFromEnumerable(images));
        float[] pixels = [.. scored.GetColumn<float[]>(Classifier.FeatureColumnName).SelectMany(image => image)];
        float[] own = [.. scored.GetColumn<float[]>(nameof(ImagePrediction.Score)).SelectMany(score => score)];
        using var session = new InferenceSession(path);
        var (name, input) = session.InputMetadata.Single();
        var batch = new DenseTensor<float>(pixels, [images.Count, .. input.Dimensions[1..]]);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(name, batch)], [new OnnxExport().ScoreName]);
        return results.Single().AsEnumerable<float>().Zip(own, (theirs, ours) => Math.Abs(theirs - ours)).Max();
    }

    public void Dispose() => _engine.Dispose(); // The engine disposes the model with itself.
}
