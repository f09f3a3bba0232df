using System.CommandLine;
using NullaProp.ML.Samples.Commands;

return await CommandExecution.Run(Create, args);

static RootCommand Create()
{
    var root = new RootCommand(
        "Trains image classifiers with NoProp, a diffusion classifier for ML.NET. Without a command it runs 'quickstart'.");
    new QuickstartCommand().AddTo(root);
    root.Add(QuickstartCommand.Create());
    root.Add(PredictCommand.Create());
    root.Add(ServeCommand.Create());
    root.Add(TrainCommand.Create());
    root.Add(ExportCommand.Create());
    root.Add(ScoreCommand.Create());
    root.Add(BlocksCommand.Create());
    return root;
}
