using System.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>train FOLDER</c></summary>
internal sealed class TrainCommand
{
    private const int Grey = 1;
    private const int Colour = 3;

    private readonly Argument<string> _folder = new("FOLDER") { Description = "A folder with one subfolder of images for each class." };
    private readonly Option<int> _size = new("--size") { Description = $"Height and width that images are resized to, at least {ImageShape.SmallestSide}.", DefaultValueFactory = _ => 28 };
    private readonly Option<int> _channels = new("--channels") { Description = "1: grey, 3: red, green and blue.", DefaultValueFactory = _ => Colour };
    private readonly Option<int> _batchSize = new("--batch-size") { Description = "Images in a training step.", DefaultValueFactory = _ => new NoPropOptions().BatchSize };
    private readonly Option<double> _learningRate = new("--learning-rate") { Description = "Highest learning rate.", DefaultValueFactory = _ => new NoPropOptions().LearningRate };
    private readonly Option<double> _validationFraction = new("--validation-fraction") { Description = "Share of each class held back for validation, between 0 and 1.", DefaultValueFactory = _ => 0.1 };
    private readonly Option<int> _patience = new("--patience") { Description = "Stop after this many epochs without a better validation loss and keep the best epoch; 0: never.", DefaultValueFactory = _ => 0 };
    private readonly NetworkOptions _network = new();
    private readonly TrainingOptions _training = new(Path.Combine("artifacts", "train"));

    private TrainCommand()
    {
        _channels.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not ("1" or "3"))
                result.AddError($"--channels is {token.Value}, but must be 1 (grey) or 3 (red, green and blue).");
        });
    }

    public static Command Create()
    {
        var train = new TrainCommand();
        var command = new Command("train", "Trains on a folder of class folders, and evaluates on images held back.")
        {
            train._folder, train._size, train._channels, train._batchSize, train._learningRate, train._validationFraction, train._patience,
        };
        train._network.AddTo(command);
        train._training.AddTo(command);
        command.SetBody(train.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var side = arguments.GetRequiredValue(_size);
        if (side < ImageShape.SmallestSide)
            throw new UserMistakeException($"--size is {side}, but must be {ImageShape.SmallestSide} or more.");
        var validationFraction = arguments.GetRequiredValue(_validationFraction);
        if (validationFraction is not (> 0 and < 1))
            throw new UserMistakeException($"--validation-fraction is {validationFraction}, but must be above 0 and below 1.");

        var options = Options(arguments);
        var seed = _training.Seed(arguments);
        var split = StratifiedSplit.Of(ImageFolder.Read(arguments.GetRequiredValue(_folder)), validationFraction, seed);
        var output = _training.CreateOutputFolder(arguments);
        var pixels = new ImagePixels { Side = side, Colors = arguments.GetRequiredValue(_channels) == Grey ? PixelColors.MadeGrey : PixelColors.Rgb };
        Report.PrintTask($"{split.Training.Count:N0} training and {split.Validation.Count:N0} validation images, {side}×{side} pixels.", options);
        if (options.EarlyStoppingPatience > 0)
            Report.PrintNote("The validation images choose the epoch that is kept, so their accuracy is a little better than that of new images.");

        var mlContext = new MLContext(seed);
        using var loggers = _training.CreateLoggers(arguments);
        var progress = _training.CreateProgress(arguments, "validation");
        var training = new ImageClassifierTraining(mlContext, pixels, options, loggers.CreateLogger<NoPropTrainer>());
        using var classifier = training.Run(split.Training, split.Validation, progress, cancellationToken);

        Report.PrintResult(classifier, progress.EvaluationName);
        output.Save(mlContext, classifier, progress);
        return 0;
    }

    private NoPropOptions Options(ParseResult arguments) => TrainingOptions.Check(_network.Apply(arguments, new NoPropOptions
    {
        Epochs = _training.Epochs(arguments),
        Seed = _training.Seed(arguments),
        BatchSize = arguments.GetRequiredValue(_batchSize),
        LearningRate = arguments.GetRequiredValue(_learningRate),
        EarlyStoppingPatience = arguments.GetRequiredValue(_patience),
    }));
}
