using System.CommandLine;
using Microsoft.ML;
using NullaProp.ML.Experiments.Photos;
using NullaProp.ML.Experiments.Variants;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>photos</c>: the table of docs/photos.md.</summary>
internal sealed class PhotosCommand
{
    private const int Draws = 3;

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

    private readonly Option<bool> _choices = new("--choices")
    {
        Description = "Compare settings of NoProp on other photos, in place of methods on the test photos.",
    };

    public static Command Create()
    {
        var photos = new PhotosCommand();
        var command = new Command("photos", "Trains on 100 photos a class by the features of the pretrained network, and compares methods.")
        {
            photos._data, photos._features, photos._json, photos._choices,
        };
        command.SetBody(photos.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var results = new ResultFile<PhotoRow>(arguments.GetRequiredValue(_json));
        var features = new PhotoFeatures(arguments.GetRequiredValue(_features));
        var isChoice = arguments.GetValue(_choices);
        foreach (var (classes, draw) in from draw in Enumerable.Range(0, Draws) from classes in new[] { 10, 3 } select (classes, draw))
        {
            var task = isChoice ? PhotoTask.ForChoices(classes, draw) : PhotoTask.ForTest(classes, draw);
            features.Compute(arguments.GetRequiredValue(_data), task.Training.Concat(task.Test), cancellationToken);
            foreach (var row in isChoice ? Choices(task, features, draw) : Methods(task, features, draw))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Console.WriteLine(ResultFile<PhotoRow>.Line(row));
                results.Add([ResultFile<PhotoRow>.Line(row)]);
            }
        }

        return 0;
    }

    private static IEnumerable<PhotoRow> Methods(PhotoTask task, PhotoFeatures features, int draw)
    {
        var options = NoPropOptions.Photos;
        yield return PhotoMethods.Library("NoProp-CT", options, task, features, draw);
        yield return PhotoMethods.Library("Flow matching", options with { Variant = new FlowMatching() }, task, features, draw);
        yield return PhotoMethods.Library("Cross-entropy", options with { Variant = new CrossEntropyBaseline() }, task, features, draw);
        yield return PhotoMethods.MLNet("LbfgsMaximumEntropy", trainers => trainers.LbfgsMaximumEntropy(), task, features, draw);
        yield return PhotoMethods.MLNet("LightGbm", trainers => trainers.LightGbm(), task, features, draw);
    }

    private static IEnumerable<PhotoRow> Choices(PhotoTask task, PhotoFeatures features, int draw) =>
        from epochs in new[] { 10, 20, 40 }
        from batch in new[] { 16, 32, 64 }
        from decay in new[] { 1e-3, 0.1 }
        from rate in new[] { 3e-4, 1e-3 }
        let name = FormattableString.Invariant($"{epochs} epochs, batches of {batch}, weight decay {decay}, rate {rate}")
        let options = NoPropOptions.Photos with { Epochs = epochs, BatchSize = batch, WeightDecay = decay, LearningRate = rate }
        select PhotoMethods.Library(name, options, task, features, draw);
}
