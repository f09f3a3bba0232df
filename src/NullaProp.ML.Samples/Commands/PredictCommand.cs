using System.CommandLine;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>predict MODEL.zip IMAGE…</c></summary>
internal static class PredictCommand
{
    private const int ClassesShown = 3;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL.zip") { Description = "A model that 'quickstart' or 'train' has saved." };
        var images = new Argument<string[]>("IMAGE")
        {
            Description = "Image files: jpg, png, webp, bmp or gif, of any size. The model makes them the size that it was trained with.",
            Arity = ArgumentArity.OneOrMore,
        };
        var path = new Option<string?>("--path")
        {
            Description = "Draw how the class probabilities of the first image move from noise to label, as PNG.",
            HelpName = "FILE",
        };

        var command = new Command(
            "predict",
            $"Prints the class and its probability for each image, and the next likely classes. {CommandExecution.ExitCodes}")
        {
            model, images, path,
        };
        command.SetBody((arguments, cancellationToken) => Predict(
            arguments.GetRequiredValue(model), arguments.GetRequiredValue(images), arguments.GetValue(path), cancellationToken));
        return command;
    }

    private static int Predict(string modelPath, string[] imagePaths, string? picturePath, CancellationToken cancellationToken)
    {
        var picture = picturePath is null ? null : OutputFile.At(picturePath, OutputKind.Picture, [modelPath, .. imagePaths]);
        using var predictor = ImagePredictor.Load(modelPath);
        var exitCode = 0;
        foreach (var imagePath in imagePaths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                Print(imagePath, predictor.Predict(imagePath));
            }
            catch (UserMistakeException mistake)
            {
                // One bad file is no reason to keep back what the others show.
                CommandExecution.PrintError(mistake.Message);
                exitCode = 1;
            }
        }

        if (picture is not null && ImageFile.Fault(imagePaths[0]) is null) // else it was said above
        {
            predictor.DrawPath(imagePaths[0], picture);
            Unwrapped.WriteLine($"Saved {picturePath}.");
        }

        // The answers are what was asked for: a part of them is not done.
        return CommandExecution.IsOutputCut ? 1 : exitCode;
    }

    private static void Print(string imagePath, IReadOnlyList<ClassProbability> classes)
    {
        var next = classes.Take(1..ClassesShown).Select(candidate => $"{candidate.ClassName} {candidate.Probability:P1}");
        var others = string.Join(", ", next);
        Unwrapped.MarkupLine($"{imagePath}: [bold]{classes[0].ClassName}[/] {classes[0].Probability:P1} [grey]({others})[/]");
    }
}
