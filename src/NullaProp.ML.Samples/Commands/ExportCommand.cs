using System.CommandLine;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>export MODEL.zip MODEL.onnx [IMAGE…]</c></summary>
internal sealed class ExportCommand
{
    // A right file's differences are some 1e-6, or 4e-4 with half precision (docs/results/onnx.json).
    private const double LargestDifference = 1e-4;
    private const double LargestDifferenceOfHalves = 1e-2;

    private static readonly OnnxExport Defaults = new();

    private readonly Argument<string> _model = new("MODEL.zip") { Description = "A model that 'quickstart' or 'train' has saved." };

    private readonly Argument<string> _onnx = new("MODEL.onnx") { Description = "The file to write." };

    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "Images on which ONNX Runtime and the model itself are compared. Where a probability differs by more than "
            + $"{LargestDifference}, or {LargestDifferenceOfHalves} with --weights Half, the command ends with 1.",
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
        Description = "Name of one more output: what the probabilities would be if scoring ended after each evaluation that counts in "
            + "them.",
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
        command.SetBody(export.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = arguments.GetRequiredValue(_onnx);
        var modelPath = arguments.GetRequiredValue(_model);
        _ = OutputFile.At(path, OutputKind.Onnx, [modelPath, .. arguments.GetValue(_images) ?? []]);
        RequireTriton(arguments.GetValue(_triton), path);
        using var predictor = ImagePredictor.Load(modelPath);
        if (arguments.GetValue(_path) is not null)
            predictor.RequireWay();
        cancellationToken.ThrowIfCancellationRequested();
        predictor.SaveAsOnnx(path, new OnnxExport
        {
            InputElement = arguments.GetValue(_element),
            InputLayout = arguments.GetValue(_layout),
            Weights = arguments.GetValue(_weights),
            PathName = arguments.GetValue(_path),
        });
        Unwrapped.MarkupLine($"Wrote [bold]{path}[/], {new FileInfo(path).Length / 1e6:F1} MB.");
        cancellationToken.ThrowIfCancellationRequested();
        if (arguments.GetValue(_images) is { Length: > 0 } images)
        {
            var difference = predictor.DifferenceFromOnnx(path, [.. images.Select(image => new ImageRow { ImagePath = image })]);
            Unwrapped.MarkupLine($"Largest difference of a probability on {images.Length} images: {difference:E1}.");
            RequireSame(path, difference, arguments.GetValue(_weights));
        }

        if (arguments.GetValue(_triton) is { } repository) // a server may begin with it at once
        {
            Unwrapped.MarkupLine($"Wrote [bold]{TritonRepository.Write(repository, path)}[/] for Triton.");
        }

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

    /// <summary>Refuses a file whose probabilities differ from the model's by more than rounding.</summary>
    /// <exception cref="UserMistakeException">They do, or one is no number.</exception>
    internal static void RequireSame(string path, double difference, OnnxPrecision weights)
    {
        var largest = weights == OnnxPrecision.Half ? LargestDifferenceOfHalves : LargestDifference;
        if (!(difference <= largest)) // NaN is no small difference
        {
            throw new UserMistakeException(
                $"The file '{path}' is written, but answers otherwise than the model: by {difference:E1}, where at most {largest} may be "
                + "rounding. Do not use it.");
        }
    }
}
