using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.ML;

namespace NullaProp.ML.Experiments.Photos;

/// <summary>What a way to train the pretrained network further gives on a task.</summary>
/// <param name="Name">The way.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="TrainRows">The number of photos to train on.</param>
/// <param name="ValidationRows">The number of photos to choose by, which are not trained on.</param>
/// <param name="TestRows">The number of test photos.</param>
/// <param name="Draw">Which photos, and the seed.</param>
/// <param name="MicroAccuracy">The share of test photos classified correctly, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label), in nats.</param>
/// <param name="FitSeconds">The time of the training, reading the photos included.</param>
internal sealed record FineTuningRow(
    string Name,
    int Classes,
    int TrainRows,
    int ValidationRows,
    int TestRows,
    int Draw,
    double MicroAccuracy,
    double LogLoss,
    double FitSeconds) : IResultRow
{
    /// <summary>Gets the number of photos that there were beside the test photos.</summary>
    [JsonIgnore]
    public int Photos => TrainRows + ValidationRows;

    object IResultRow.Measured => (Name, Classes, Photos, Draw);
}

/// <summary>Ways to train the pretrained network on the same photos, each by a pipeline as a user writes it.</summary>
internal sealed class FineTuningStudy : IDisposable
{
    private const int HeldBack = 5; // every fifth photo of a class is one to choose by, where there are such

    private readonly PhotoTask _task;
    private readonly int _draw;
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    /// <summary>Unpacks the photos of a task.</summary>
    public FineTuningStudy(string archive, PhotoTask task, int draw)
    {
        (_task, _draw) = (task, draw);
        PhotoArchive.Extract(archive, task.Training.Concat(task.Test), _folder);
    }

    /// <summary>Gets the ways, cheap ones first; whether photos are held back to choose by.</summary>
    public static IReadOnlyList<(string Name, NoPropOptions Options, bool HoldsBack)> Ways { get; } =
    [
        .. new[] { FineTuning.Frozen, FineTuning.LastStage, FineTuning.Everything }.SelectMany(tuning => Both($"{tuning}", tuning)),
        .. Both("Automatic", FineTuning.Automatic).Select(way => way with { HoldsBack = true }),
        ("Everything with augmentation", Photos(FineTuning.Everything) with { Augmentation = Augmentation.Photos }, false),
    ];

    /// <summary>Trains a model and tests it.</summary>
    public FineTuningRow Row(string name, NoPropOptions options, bool holdsBack)
    {
        var mlContext = new MLContext(_draw);
        var held = holdsBack ? _task.Training.Where(photo => photo.Number % HeldBack == 0).ToList() : [];
        var training = _task.Training.Except(held).ToList();
        var read = mlContext.Transforms.LoadImageFiles("Features", 224, 224);
        var (rows, validation) = (Rows(mlContext, training), holdsBack ? Rows(mlContext, held) : null);
        var run = new NoPropRun { Validation = validation is null ? null : read.Fit(validation).Transform(validation) };
        var stopwatch = Stopwatch.StartNew();
        var model = read.Append(mlContext.MulticlassClassification.Trainers.NoProp(options with { Seed = _draw }, run)).Fit(rows);
        var seconds = stopwatch.Elapsed.TotalSeconds;
        using (model)
        {
            var figures = Calibration.Of(model.Transform(Rows(mlContext, _task.Test)));
            return new FineTuningRow(
                name,
                _task.Classes.Count,
                training.Count,
                held.Count,
                _task.Test.Count,
                _draw,
                figures.MicroAccuracy,
                figures.LogLoss,
                seconds);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static NoPropOptions Photos(FineTuning tuning) => NoPropOptions.Photos with { FineTuning = tuning };

    // NoProp, and the plain classifier beside it.
    private static IEnumerable<(string Name, NoPropOptions Options, bool HoldsBack)> Both(string name, FineTuning tuning) =>
    [
        (name, Photos(tuning), false),
        ($"{name}, cross-entropy", Photos(tuning) with { Variant = new CrossEntropyBaseline() }, false),
    ];

    private IDataView Rows(MLContext mlContext, IEnumerable<Photo> photos)
    {
        var rows = photos.Select(photo => new ImageRow { ImagePath = Path.Combine(_folder, photo.Path), Label = photo.Class }).ToList();
        var classes = mlContext.Data.LoadFromEnumerable(_task.Classes.Select(name => new ImageRow { Label = name }).ToList());
        return mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(classes).Transform(mlContext.Data.LoadFromEnumerable(rows));
    }
}
