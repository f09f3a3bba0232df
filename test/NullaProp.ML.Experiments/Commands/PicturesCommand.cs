using System.CommandLine;
using NullaProp.ML.Experiments.Pictures;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>pictures</c>: the drawings of the documentation.</summary>
internal static class PicturesCommand
{
    public static Command Create()
    {
        var output = new Option<string>("--output")
        {
            Description = "Folder for the pictures.",
            DefaultValueFactory = _ => Path.Combine("docs", "pictures"),
        };
        var command = new Command("pictures", "Draws the pictures of the documentation and the package's icon.") { output };
        command.SetBody((arguments, _) => Draw(arguments.GetRequiredValue(output)));
        return command;
    }

    private static int Draw(string folder)
    {
        Directory.CreateDirectory(folder);
        IconPicture.Save(Path.Combine(folder, "icon.png"));
        NoisyLabelPicture.Save(Path.Combine(folder, "noisy-label.png"));
        PlanPicture.Save(Path.Combine(folder, "plan.png"));
        LayersPicture.Save(Path.Combine(folder, "layers.png"));
        OptionsPicture.Save(Path.Combine(folder, "options.png"));
        DifferencesPicture.Save(Path.Combine(folder, "differences.png"));
        return 0;
    }
}
