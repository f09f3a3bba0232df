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

    private readonly Argument<string> _folder = new("FOLDER")
    {
        Description = "A folder with one folder for each class, with images (JPEG, PNG, WebP, BMP, GIF) in it or in folders below it. "
            + "Hidden ones are skipped.",
    };


    private readonly Option<string> _test = new("--test")
    {
        Description = "A folder like FOLDER to evaluate on. Without it, a part of FOLDER is held back for that (--validation-fraction).",
        HelpName = "FOLDER",
    };

    private readonly Option<UnreadableImages> _unreadable = new("--unreadable")
    {
        Description = "What to do about broken files: Stop names all of them and ends, Skip leaves them out and counts them.",
        DefaultValueFactory = _ => UnreadableImages.Stop,
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = $"Height and width that images are resized to, at least {ImageShape.SmallestSide}.",
        DefaultValueFactory = _ => 28,
    };

    private readonly Option<ImageFit> _fit = new("--fit")
    {
        Description = "What happens to images that are no squares: Crop cuts off what sticks out, Pad adds white, Stretch changes shapes.",
        DefaultValueFactory = _ => ImageFit.Crop,
    };

    private readonly Option<int> _channels = new("--channels")
    {
        Description = "1: grey, 3: red, green and blue.",
        DefaultValueFactory = _ => Colour,
    };

    private readonly Option<int> _batchSize = new("--batch-size")
    {
        Description = "Images in a training step.",
        DefaultValueFactory = _ => new NoPropOptions().BatchSize,
    };

    private readonly Option<double> _learningRate = new("--learning-rate")
    {
        Description = "Highest learning rate.",
        DefaultValueFactory = _ => new NoPropOptions().LearningRate,
    };

    private readonly Option<double> _validationFraction = new("--validation-fraction")
    {
        Description = "Share of each class held back for validation, between 0 and 1.",
        DefaultValueFactory = _ => 0.1,
    };

    private readonly Option<int> _patience = new("--patience")
    {
        Description = "Stop after this many epochs without a better validation loss and keep the best epoch; 0: never.",
        DefaultValueFactory = _ => 0,
    };

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
        var command = new Command(
            "train",
            "Trains on a folder of class folders, and evaluates on images held back or on a test folder. "
                + CommandExecution.TrainingExitCodes)
        {
            train._folder, train._test, train._unreadable, train._size, train._fit, train._channels, train._batchSize, train._learningRate,
            train._validationFraction, train._patience,
        };
        train._network.AddTo(command);
        train._training.AddTo(command);
        command.SetBody(train.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken) =>
        _training.RunUntilStopped(arguments, token => Train(arguments, token), cancellationToken);

    private int Train(ParseResult arguments, CancellationToken cancellationToken)
    {
        var pixels = Pixels(arguments);
        var options = Options(arguments);
        TrainingFolder.RequireOutside(arguments.GetValue(_folder), _training.Outputs(arguments));
        TrainingFolder.RequireOutside(arguments.GetValue(_test), _training.Outputs(arguments));
        var output = _training.CreateOutputFolder(arguments);
        var json = _training.JsonFile(arguments, output);
        var mlContext = WarningLog.CreateContext(_training.Seed(arguments));
        var images = Images(mlContext, arguments, options, cancellationToken);
        var evaluationName = arguments.GetValue(_test) is null ? "validation" : "test";
        Report.PrintTask(
            $"{images.Training.Files.Count:N0} training and {images.Evaluation.Files.Count:N0} {evaluationName} images of "
            + $"{images.Training.ClassNames.Count} classes, {pixels.Side}×{pixels.Side} pixels.",
            options);
        if (images.Unreadable > 0)
            Report.PrintNote($"Files that cannot be read as images, left out: {images.Unreadable:N0}.");
        if (images.Copies() is [var (copy, original), ..] copies)
        {
            Report.PrintNote(
                $"Of the {evaluationName} images {copies.Count:N0} are copies of training images ('{copy}' of '{original}'): that these "
                + "are known says nothing of new ones.");
        }

        if (ImageClassifierTraining.ValidationChooses(options))
            Report.PrintNote("The validation images choose the epoch: their accuracy is a little better than that of new images.");

        using var loggers = _training.CreateLoggers(arguments);
        var progress = _training.CreateProgress(arguments, evaluationName);
        var checkpoints = _training.Checkpoints(arguments);
        var training = new ImageClassifierTraining(mlContext, pixels, options, loggers.CreateLogger<NoPropTrainer>())
        {
            // From checkpoints the same command goes on. Test images show how good a model is, and must not choose it.
            WhenCancelled = checkpoints is not null ? WhenCancelled.Throw
                : arguments.GetValue(_test) is null ? WhenCancelled.ReturnBest : WhenCancelled.ReturnLast,
            Checkpoints = checkpoints,
        };
        using var classifier = training.Run(images.Training, images.Evaluation, progress, cancellationToken);

        var saved = output.SaveModel(mlContext, classifier);
        var evaluated = saved.Then("but was not evaluated", () => training.Evaluate(classifier));
        Report.PrintResult(classifier, evaluated, progress.EvaluationName);
        json?.WriteJson(new TrainFigures(
            evaluated.Metrics.MicroAccuracy,
            evaluated.Metrics.LogLoss,
            classifier.FitTime.TotalSeconds,
            images.Training.Files.Count,
            images.Evaluation.Files.Count,
            images.Unreadable));
        output.SaveCharts(saved, classifier, evaluated, progress);
        saved.RequireNamedPlace();
        if (!classifier.IsCancelled)
            return 0;
        CommandExecution.PrintError("Cancelled before the end. What is saved is the model so far.");
        return CommandExecution.Cancelled;
    }

    private ImagePixels Pixels(ParseResult arguments)
    {
        if (_network.Backbone(arguments) == NoPropBackbone.PretrainedResNet18)
        {
            foreach (var option in new Option[] { _size, _channels })
            {
                if (arguments.GetResult(option) is { Implicit: false })
                    throw new UserMistakeException(
                        $"{option.Name} is given, but the pretrained network reads photos as it was trained. Leave it out.");
            }

            return ImagePixels.ForPhotos with { Fit = arguments.GetRequiredValue(_fit) };
        }

        var side = ImagePixels.CheckedSide(arguments.GetRequiredValue(_size));
        var colors = arguments.GetRequiredValue(_channels) == Grey ? PixelColors.MadeGrey : PixelColors.Rgb;
        return new ImagePixels { Side = side, Colors = colors, Fit = arguments.GetRequiredValue(_fit) };
    }

    private TrainingFolder Images(
        MLContext mlContext, ParseResult arguments, NoPropOptions options, CancellationToken cancellationToken)
    {
        var fraction = arguments.GetRequiredValue(_validationFraction);
        if (fraction is not (> 0 and < 1))
            throw new UserMistakeException($"--validation-fraction is {fraction}, but must be above 0 and below 1.");

        var test = arguments.GetValue(_test);
        if (test is not null && options.EarlyStoppingPatience > 0)
        {
            throw new UserMistakeException(
                "--patience chooses an epoch by images held back, but with --test none are, and test images must not choose. "
                + "Leave one of the two out.");
        }

        if (test is not null && arguments.GetResult(_validationFraction) is { Implicit: false })
            throw new UserMistakeException("--validation-fraction holds images back, but with --test none are. Leave one of the two out.");

        return TrainingFolder.Read(
            mlContext,
            arguments.GetRequiredValue(_folder),
            test,
            arguments.GetRequiredValue(_unreadable),
            fraction,
            _training.Seed(arguments),
            cancellationToken);
    }

    private NoPropOptions Options(ParseResult arguments)
    {
        var isPretrained = _network.Backbone(arguments) == NoPropBackbone.PretrainedResNet18;
        var defaults = isPretrained ? NoPropOptions.Photos : new NoPropOptions();
        var options = TrainingOptions.Check(_network.Apply(arguments, defaults with
        {
            Epochs = _training.Epochs(arguments, defaults),
            Seed = _training.Seed(arguments),
            BatchSize = TrainingOptions.Given(arguments, _batchSize, defaults.BatchSize),
            LearningRate = TrainingOptions.Given(arguments, _learningRate, defaults.LearningRate),
            EarlyStoppingPatience = arguments.GetRequiredValue(_patience),
        }));

        // Automatic chooses by the images that are watched, and test images must not choose.
        return isPretrained && options.FineTuning == FineTuning.Automatic && arguments.GetValue(_test) is not null
            ? options with { FineTuning = FineTuning.Frozen }
            : options;
    }
}
