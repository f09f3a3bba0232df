using System.CommandLine;

namespace NullaProp.ML.Samples.Commands;

/// <summary>The program's commands.</summary>
internal static class AllCommands
{
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Trains image classifiers with NoProp, a diffusion classifier for ML.NET. Without a command it runs 'quickstart'.");
        new QuickstartCommand().AddTo(root);
        root.Add(QuickstartCommand.Create());
        root.Add(TrainCommand.Create());
        root.Add(PredictCommand.Create());
        root.Add(ServeCommand.Create());
        root.Add(ScoreCommand.Create());
        root.Add(ExportCommand.Create());
        root.Add(BlocksCommand.Create());
        return root;
    }
}
