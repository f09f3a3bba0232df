using System.CommandLine;
using NullaProp.ML.Experiments.Decisions;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>decisions</c>: the measurements behind the defaults, docs/decisions.md.</summary>
internal static class DecisionsCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "Folder of the four published IDX files of Fashion-MNIST, gzipped.",
            HelpName = "DIR",
            Required = true,
        };
        var json = new Option<string>("--json")
        {
            Description = "File of results; models that it already holds are not trained again.",
            HelpName = "FILE",
            Required = true,
        };
        var epochs = new Option<int>("--epochs")
        {
            Description = "Epochs; each network sees every training image once in each.",
            DefaultValueFactory = _ => 3,
        };
        var seeds = new Option<int>("--seeds") { Description = "Number of seeds, from 0.", DefaultValueFactory = _ => 3 };
        var command = new Command(
            "decisions",
            "Trains the candidates for the default options on all of Fashion-MNIST and writes how each does. Takes an hour or so.")
        {
            data, json, epochs, seeds,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            var study = new DecisionStudy(
                arguments.GetRequiredValue(data), arguments.GetRequiredValue(json), arguments.GetRequiredValue(epochs));
            study.Run(arguments.GetRequiredValue(seeds), cancellationToken);
            return 0;
        });
        return command;
    }
}
