using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;
using NullaProp.ML.Experiments.Photos;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>photos</c>: the table of docs/photos.md.</summary>
internal sealed class PhotosCommand
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "Zip of CIFAR-10 as JPEG files, train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _features = new("--features")
    {
        Description = "File in which to keep what the pretrained network sees in the photos; what it holds is not computed again.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _json = new("--json") { Description = "File of results.", HelpName = "FILE", Required = true };

    private readonly Option<int[]> _classes = new("--classes")
    {
        Description = "The numbers of classes to tell apart, the first ones by name.",
        DefaultValueFactory = _ => [3, 10],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int[]> _perClass = new("--per-class")
    {
        Description = "The numbers of photos a class to train on, at most 100.",
        DefaultValueFactory = _ => [100],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int> _draws = new("--draws")
    {
        Description = "How often to train, each time on other photos and with another seed.",
        DefaultValueFactory = _ => 3,
    };

    private readonly Option<bool> _choices = new("--choices")
    {
        Description = "Compare settings of NoProp on other photos, in place of methods on the test photos.",
    };

    private readonly Option<int> _foreign = new("--foreign")
    {
        Description = "Count the classes behind the first ones, so many, as none of these, and measure how often such photos are answered.",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<string[]> _fineTuning = new("--fine-tuning")
    {
        Description = "Compare these ways to train the pretrained network further, in place of methods on its features. Rows that are in "
            + "the file of results are not trained again.",
        HelpName = "WAY",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };

    public static Command Create()
    {
        var photos = new PhotosCommand();
        var command = new Command("photos", "Trains on 100 photos a class by the features of the pretrained network, and compares methods.")
        {
            photos._data, photos._features, photos._json, photos._classes, photos._perClass, photos._draws, photos._choices,
            photos._foreign, photos._fineTuning,
        };
        photos._fineTuning.AcceptOnlyFromAmong([.. FineTuningStudy.Ways.Select(way => way.Name)]);
        command.SetBody(photos.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetRequiredValue(_foreign) > 0)
            return RunRejections(arguments, arguments.GetRequiredValue(_foreign), cancellationToken);
        if (arguments.GetRequiredValue(_fineTuning) is { Length: > 0 } ways)
            return RunFineTuning(arguments, ways, cancellationToken);
        var results = new ResultFile<PhotoRow>(arguments.GetRequiredValue(_json));
        var features = new PhotoFeatures(arguments.GetRequiredValue(_features));
        var isChoice = arguments.GetValue(_choices);
        foreach (var (classes, perClass, draw) in Tasks(arguments))
        {
            var task = isChoice ? PhotoTask.ForChoices(classes, perClass, draw) : PhotoTask.ForTest(classes, perClass, draw);
            features.Compute(arguments.GetRequiredValue(_data), task.Training.Concat(task.Test), cancellationToken);
            foreach (var row in isChoice ? Choices(task, features, draw) : Methods(task, features, draw))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Console.WriteLine(ResultFile<PhotoRow>.Line(row));
                results.Add([row]);
            }
        }

        return 0;
    }

    private int RunFineTuning(ParseResult arguments, string[] ways, CancellationToken cancellationToken)
    {
        var results = new ResultFile<FineTuningRow>(arguments.GetRequiredValue(_json));
        foreach (var (classes, perClass, draw) in Tasks(arguments))
        {
            var task = PhotoTask.ForTest(classes, perClass, draw);
            using var study = new FineTuningStudy(arguments.GetRequiredValue(_data), task, draw);
            foreach (var (name, options, holdsBack) in FineTuningStudy.Ways.Where(way => ways.Contains(way.Name)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (results.Rows.Any(row => (row.Name, row.Classes, row.Photos, row.Draw) == (name, classes, task.Training.Count, draw)))
                    continue;
                var row = study.Row(name, options, holdsBack);
                Console.WriteLine(ResultFile<FineTuningRow>.Line(row));
                results.Add([row]);
            }
        }

        return 0;
    }

    private int RunRejections(ParseResult arguments, int foreign, CancellationToken cancellationToken)
    {
        var results = new ResultFile<RejectionRow>(arguments.GetRequiredValue(_json));
        var features = new PhotoFeatures(arguments.GetRequiredValue(_features));
        var options = NoPropOptions.Photos;
        (string Name, NoPropOptions Options)[] methods =
            [("NoProp-CT", options), ("Cross-entropy", options with { Variant = new CrossEntropyBaseline() })];
        foreach (var (classes, perClass, draw) in Tasks(arguments))
        {
            var task = PhotoTask.ForTest(classes, perClass, draw);
            var (choosing, others) = task.ForRejection(foreign);
            features.Compute(
                arguments.GetRequiredValue(_data), [.. task.Training, .. task.Test, .. choosing, .. others], cancellationToken);
            foreach (var (name, chosen) in methods)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RejectionRow[] rows = [.. PhotoMethods.Rejections(name, chosen, task, foreign, features, draw)];
                Array.ForEach(rows, row => Console.WriteLine(ResultFile<RejectionRow>.Line(row)));
                results.Add(rows);
            }
        }

        return 0;
    }

    private IEnumerable<(int Classes, int PerClass, int Draw)> Tasks(ParseResult arguments) =>
        from draw in Enumerable.Range(0, arguments.GetRequiredValue(_draws))
        from classes in arguments.GetRequiredValue(_classes)
        from perClass in arguments.GetRequiredValue(_perClass)
        select (classes, perClass, draw);

    private static IEnumerable<PhotoRow> Methods(PhotoTask task, PhotoFeatures features, int draw)
    {
        var options = NoPropOptions.Photos;
        yield return PhotoMethods.Library("NoProp-CT", options, task, features, draw);
        yield return PhotoMethods.Library("Flow matching", options with { Variant = new FlowMatching() }, task, features, draw);
        yield return PhotoMethods.Library("Cross-entropy", options with { Variant = new CrossEntropyBaseline() }, task, features, draw);
        yield return PhotoMethods.MLNet("LbfgsMaximumEntropy", Linear, task, features, draw);
        yield return PhotoMethods.MLNet(
            "LbfgsMaximumEntropy, scaled", context => Scaled(context).Append(Linear(context)), task, features, draw);
        yield return PhotoMethods.MLNet("LightGbm", context => context.MulticlassClassification.Trainers.LightGbm(), task, features, draw);

        static LbfgsMaximumEntropyMulticlassTrainer Linear(MLContext context) =>
            context.MulticlassClassification.Trainers.LbfgsMaximumEntropy();

        // To mean 0 and deviation 1, as NoProp has them.
        static NormalizingEstimator Scaled(MLContext context) =>
            context.Transforms.NormalizeMeanVariance("Features", fixZero: false);
    }

    private static IEnumerable<PhotoRow> Choices(PhotoTask task, PhotoFeatures features, int draw) =>
        from setting in new (int Epochs, int Batch, double Decay, double Rate)[]
        {
            (3, 32, 1e-3, 1e-3), (5, 32, 1e-3, 1e-3), (10, 32, 1e-3, 1e-3), (20, 32, 1e-3, 1e-3), (40, 32, 1e-3, 1e-3),
            (5, 16, 1e-3, 1e-3), (20, 128, 1e-3, 1e-3), (5, 32, 0.3, 1e-3), (20, 32, 0.3, 1e-3),
            (10, 32, 1e-3, 3e-4), (20, 32, 1e-3, 3e-4), (5, 32, 1e-3, 2e-3),
        }
        let name = FormattableString.Invariant(
            $"{setting.Epochs} epochs, batches of {setting.Batch}, weight decay {setting.Decay}, rate {setting.Rate}")
        let options = NoPropOptions.Photos with
        {
            Epochs = setting.Epochs,
            BatchSize = setting.Batch,
            WeightDecay = setting.Decay,
            LearningRate = setting.Rate,
        }
        select PhotoMethods.Library(name, options, task, features, draw);
}
