using System.CommandLine;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>export MODEL.zip MODEL.onnx [IMAGE…]</c></summary>
internal sealed class ExportCommand
{
    private static readonly OnnxExport Defaults = new();

    private readonly Argument<string> _model = new("MODEL.zip") { Description = "A model that 'quickstart' or 'train' has saved." };

    private readonly Argument<string> _onnx = new("MODEL.onnx") { Description = "The file to write." };

    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "Images on which ONNX Runtime and the model itself are compared.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<OnnxElement> _element = new("--element")
    {
        Description = "What the values of an image are, 0 to 255 either way.",
        DefaultValueFactory = _ => Defaults.InputElement,
    };

    private readonly Option<OnnxLayout> _layout = new("--layout")
    {
        Description = "The order of an image's values.",
        DefaultValueFactory = _ => OnnxLayout.ChannelsFirst,
    };

    private readonly Option<OnnxPrecision> _weights = new("--weights")
    {
        Description = "The numbers in which weights are stored; Half makes the file half as large.",
        DefaultValueFactory = _ => Defaults.Weights,
    };

    private readonly Option<string?> _path = new("--path")
    {
        Description = "Name of one more output: the probabilities after each evaluation on the way to the result.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _triton = new("--triton")
    {
        Description = "Model repository of a Triton Inference Server to write the model to as well.",
        HelpName = "FOLDER",
    };

    public static Command Create()
    {
        var export = new ExportCommand();
        var command = new Command("export", $"Writes a model as an ONNX file, for programs without .NET. {CommandExecution.ExitCodes}")
        {
            export._model, export._onnx, export._images, export._element, export._layout, export._weights, export._path, export._triton,
        };
        command.SetBody((arguments, _) => export.Run(arguments));
        return command;
    }

    private int Run(ParseResult arguments)
    {
        var path = arguments.GetRequiredValue(_onnx);
        var modelPath = arguments.GetRequiredValue(_model);
        _ = OutputFile.At(path, OutputKind.Onnx, [modelPath, .. arguments.GetValue(_images) ?? []]);
        RequireTriton(arguments.GetValue(_triton), path);
        using var predictor = ImagePredictor.Load(modelPath);
        predictor.SaveAsOnnx(path, new OnnxExport
        {
            InputElement = arguments.GetValue(_element),
            InputLayout = arguments.GetValue(_layout),
            Weights = arguments.GetValue(_weights),
            PathName = arguments.GetValue(_path),
        });
        Unwrapped.MarkupLine($"Wrote [bold]{path}[/], {new FileInfo(path).Length / 1e6:F1} MB.");
        if (arguments.GetValue(_triton) is { } repository)
        {
            Unwrapped.MarkupLine($"Wrote [bold]{TritonRepository.Write(repository, path)}[/] for Triton.");
        }

        Compare(predictor, path, [.. (arguments.GetValue(_images) ?? []).Select(image => new ImageRow { ImagePath = image })]);
        return 0;
    }

    private static void RequireTriton(string? repository, string path)
    {
        if (repository is null)
            return;
        if (Path.GetFileNameWithoutExtension(path) is "")
            throw new UserMistakeException($"'{path}' has no name before its ending, by which --triton would call the model. Give it one.");
        TritonRepository.RequireOwn(repository, path);
    }

    private static void Compare(ImagePredictor predictor, string path, IReadOnlyList<ImageRow> images)
    {
        if (images.Count > 0)
        {
            var difference = predictor.DifferenceFromOnnx(path, images);
            Unwrapped.MarkupLine($"Largest difference of a probability on {images.Count} images: {difference:E1}.");
        }
    }
}
