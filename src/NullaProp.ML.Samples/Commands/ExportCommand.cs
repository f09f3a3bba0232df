using System.CommandLine;
using System.Globalization;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>export MODEL.zip MODEL.onnx [IMAGE…]</c></summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL.zip") { Description = "A model that 'quickstart' or 'train' has saved." };
        var onnx = new Argument<string>("MODEL.onnx") { Description = "The file to write." };
        var images = new Argument<string[]>("IMAGE")
        {
            Description = "Images on which ONNX Runtime and the model itself are compared.",
            Arity = ArgumentArity.ZeroOrMore,
        };

        var command = new Command("export", $"Writes a model as an ONNX file, for programs without .NET. {CommandExecution.ExitCodes}")
        {
            model, onnx, images,
        };
        command.SetBody((arguments, _) =>
            Export(arguments.GetRequiredValue(model), arguments.GetRequiredValue(onnx), arguments.GetRequiredValue(images)));
        return command;
    }

    private static int Export(string modelPath, string onnxPath, string[] imagePaths)
    {
        using var predictor = ImagePredictor.Load(modelPath);
        predictor.SaveAsOnnx(onnxPath);
        AnsiConsole.MarkupLineInterpolated(
            CultureInfo.InvariantCulture, $"Wrote [bold]{onnxPath}[/], {new FileInfo(onnxPath).Length / 1e6:F1} MB.");
        if (imagePaths.Length > 0)
        {
            var difference = predictor.DifferenceFromOnnx(onnxPath, [.. imagePaths.Select(path => new ImageRow { ImagePath = path })]);
            AnsiConsole.MarkupLineInterpolated(
                CultureInfo.InvariantCulture, $"Largest difference of a probability on {imagePaths.Length} images: {difference:E1}.");
        }

        return 0;
    }
}
