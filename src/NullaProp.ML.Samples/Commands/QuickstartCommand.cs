using System.CommandLine;
using Microsoft.Extensions.Logging;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>quickstart</c>, the default: the whole of the library once through, on images that come with the program.</summary>
internal sealed class QuickstartCommand
{
    private readonly TrainingOptions _training = new(Path.Combine("artifacts", "quickstart"));

    private readonly Option<VariantKind> _variant = new("--variant")
    {
        Description = "What to train: NoProp, or the plain classifier to compare it with.",
        DefaultValueFactory = _ => VariantKind.ContinuousTime,
    };

    public static Command Create()
    {
        var command = new Command(
            "quickstart",
            "Trains on a subset of Fashion-MNIST, evaluates, saves, reloads and predicts. "
                + CommandExecution.TrainingExitCodes);
        new QuickstartCommand().AddTo(command);
        return command;
    }

    /// <summary>
    /// Makes the command run the quickstart. Needs a fresh instance for each command: a parser's option belongs to one of them.
    /// </summary>
    public void AddTo(Command command)
    {
        command.Add(_variant);
        _training.AddTo(command);
        command.SetBody((arguments, cancellationToken) =>
            _training.RunUntilStopped(arguments, token => Run(arguments, token), cancellationToken));
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var seed = _training.Seed(arguments);
        var options = TrainingOptions.Check(new NoPropOptions
        {
            Epochs = _training.Epochs(arguments),
            Seed = seed,
            Variant = arguments.GetRequiredValue(_variant).Create(new DiscreteTime().BlockCount),
        });
        var output = _training.CreateOutputFolder(arguments);
        var json = _training.JsonFile(arguments, output);

        var folders = FashionMnist.Unpack(Path.Combine("artifacts", "data", "fashion-mnist"));
        var mlContext = WarningLog.CreateContext(seed);
        var trainingImages = TrainingFolder.Load(mlContext, folders.Train, cancellationToken: cancellationToken);
        var testImages = TrainingFolder.Load(
            mlContext, folders.Test, classNames: trainingImages.ClassNames, cancellationToken: cancellationToken);
        Report.PrintTask(
            $"Fashion-MNIST, a subset: {trainingImages.Files.Count:N0} training and {testImages.Files.Count:N0} test images, "
            + $"in '{Path.GetDirectoryName(folders.Train)}'.",
            options);
        Report.PrintNote("Test accuracy is shown, not used for choosing: early stopping is off and the last epoch is kept.");

        using var loggers = _training.CreateLoggers(arguments);
        var progress = _training.CreateProgress(arguments, "test");
        var pixels = new ImagePixels { Side = FashionMnist.Side, Colors = PixelColors.AlreadyGrey };
        var training = new ImageClassifierTraining(mlContext, pixels, options, loggers.CreateLogger<NoPropTrainer>())
        {
            Checkpoints = _training.Checkpoints(arguments),
        };
        using var classifier = training.Run(trainingImages, testImages, progress, cancellationToken);

        var saved = output.SaveModel(mlContext, classifier);
        var evaluated = saved.Then("but was not evaluated", () => training.Evaluate(classifier));
        Report.PrintResult(classifier, evaluated, progress.EvaluationName);

        var reload = ReloadCheck.Run(saved.Path, evaluated, testImages.Files, cancellationToken);
        Report.PrintReload(reload);
        json?.WriteJson(QuickstartFigures.Of(
            classifier, evaluated, reload, (trainingImages.Files.Count, testImages.Files.Count), progress.History.Count, saved.Path));
        output.SaveCharts(saved, classifier, evaluated, progress);
        saved.RequireNamedPlace();
        return 0;
    }
}
