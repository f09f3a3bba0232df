using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML;
using NullaProp.ML.Tests.BadInput;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>Wrong uses that the page of errors does, beside options out of range.</summary>
internal sealed class WrongUses : IDisposable
{
    private const string Folder = "no-such-folder";

    private readonly MLContext _context = new(seed: 1);
    private readonly NoPropTransformer _model;
    private readonly NoPropTransformer _disposed;
    private readonly NoPropTrainer _trainer;
    private readonly IDataView _data;
    private readonly ModelZip _zip;

    public WrongUses()
    {
        (_trainer, _data) = (Tiny.Trainer(_context), Tiny.Data(_context));
        (_model, _disposed) = (Tiny.Model(_context), Tiny.Model(_context));
        _disposed.Dispose();
        _zip = ModelZip.Of(_context, _model);
    }

    /// <summary>Gets the uses, in the order of the page.</summary>
    public IReadOnlyList<(string About, string Code, Action Act)> All =>
    [
        .. Arguments(),
        .. Data(),
        .. Columns(),
        .. Scoring(),
        .. Files(),
        .. Modules(),
    ];

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private List<(string About, string Code, Action Act)> Arguments() =>
    [
        Use("Arguments", () => _context.MulticlassClassification.Trainers.NoProp((NoPropOptions)null!)),
        Use("Arguments", () => _trainer.Fit(null!)),
        Use("Arguments", () => _trainer.Fit(_data, (NoPropRun)null!)),
        Use("Arguments", () => _model.Transform(null!)),
        Use("Arguments", () => _model.WithSampling(null!)),
        Use("Arguments", () => _model.WithSampling(_ => null!)),
        Use("Arguments", () => _model.WithColumns(score: "A", predictedLabel: "A")),
        Use("Arguments", () => ModelSummary.Of(new NoPropOptions(), new ImageShape(1, 28, 28), classCount: 1)),
        Use("Arguments", () => _ = new ClassWeights([new("cat", 1), new("cat", 2)])),
        Use("Arguments", () => NoPropModelFile.Check(" ")),
    ];

    private List<(string About, string Code, Action Act)> Data() =>
    [
        Use("Training data", () => _trainer.Fit(Rows<Photo>())),
        Use("Training data", () => _trainer.Fit(_data, new NoPropRun { Validation = Rows<Photo>() })),
        Use("Training data", () => _trainer.Fit(Rows(Tiny.Photo(0), Tiny.Photo(2)))),
        Use("Training data", () => _trainer.Fit(Rows(Tiny.Photo(0), Tiny.Photo(1), Of(float.NaN)))),
        Use("Training data", () => _trainer.Fit(Rows(Tiny.Photo(0), Tiny.Photo(1), Of(float.PositiveInfinity)))),
        Use("Training data", () => _trainer.Fit(_data, new NoPropRun { Previous = _disposed })),
        Use("Training data", () => With(new NoPropOptions { HiddenSize = 8 }).Fit(_data, new NoPropRun { Previous = _model })),
        Use("Training data", () => With(new NoPropOptions { ImageShape = new(3, 8, 8) }).Fit(_data)),
        Use("Training data", () => With(new NoPropOptions { BackboneWeightsPath = "no-such-file.safetensors" }).Fit(_data)),
        Use("Training data", () => With(new NoPropOptions { Backbone = NoPropBackbone.Custom, BackboneName = "unknown" }).Fit(_data)),
        Use("Training data", () => With(new NoPropOptions { ClassWeights = new([new("no such class", 2)]) }).Fit(_data)),
    ];

    private List<(string About, string Code, Action Act)> Columns() =>
    [
        Use("Columns", () => _trainer.Fit(Rows(new { Label = 0f, Features = 1f }))),
        Use("Columns", () => _trainer.Fit(Rows(new { Text = "no such columns" }))),
        Use("Columns", () => With(new NoPropOptions { FeatureColumnName = "Pixels" }).Fit(_data)),
        Use("Columns", () => With(new NoPropOptions { LabelColumnName = "Class" }).Fit(_data)),
        Use("Columns", () => With(new NoPropOptions { LabelColumnName = "Name" }).Fit(_data)),
        Use("Columns", () => With(new NoPropOptions { FeatureColumnName = "Name" }).Fit(_data)),
        Use("Columns", () => With(new NoPropOptions { ExampleWeightColumnName = "Weight" }).Fit(_data)),
        Use("Columns", () => With(new NoPropOptions { ExampleWeightColumnName = "Name" }).Fit(_data)),
        Use("Columns", () => _model.Transform(Rows(new { Text = "no such columns" }))),
        Use("Columns", () => _model.WithColumns(features: "Pixels").Transform(_data)),
    ];

    private List<(string About, string Code, Action Act)> Scoring() =>
    [
        Use("Scoring", () => Tiny.Scores(_context, _model, [Tiny.Photo(0), Of(float.NaN)])),
        Use("Scoring", () => Tiny.Scores(_context, _model, [Tiny.Photo(0), Of(float.NegativeInfinity)])),
        Use("Scoring", () => Tiny.Scores(_context, _disposed, Tiny.Photos())),
        Use("Scoring", () => _model.WithSampling(sampling => sampling with { SolverSteps = 0 })),
        Use("Scoring", () => _model.WithSampling(sampling => sampling with { SolverSteps = 10_000, Draws = 1_000 })),
        Use("Scoring", () => _model.WithSampling(sampling => sampling with { DisagreementColumnName = "Disagreement" })),
        Use("Scoring", () => _model.Diagnose(Rows<Photo>())),
        Use("Scoring", () => ModelOf("Height", "Weight").Transform(Table("Weight", "Height"))),
    ];

    private List<(string About, string Code, Action Act)> Files() =>
    [
        Use("Model files", () => _context.Model.SaveNoPropAsOnnx(_model, _data.Schema, Path.Combine(Folder, "model.onnx"))),
        Use("Model files", () => _context.Model.Save(_disposed, _data.Schema, Stream.Null)),
        Use("Model files", () => _model.SaveAsOnnx(".")),
        Use("Model files", () => _model.SaveAsOnnx(Stream.Null, new OnnxExport { InputName = "x", ScoreName = "x" })),
        Use("Model files", () => _model.SaveAsOnnx(Stream.Null, new OnnxExport { EntropyName = "" })),
        Use("Model files", () => new ModelZip(_zip.Bytes[..1000]).Load(_context)),
        Use(
            "Model files",
            () => _zip.Damaged("model.json", json => Replaced(json, "\"hiddenSize\": 16", "\"hiddenSize\": 17")).Load(_context)),
        Use("Model files", () => _zip.Damaged("weights.safetensors", bytes => [.. bytes[..^1], 1]).Load(_context)),
        Use("Model files", () => _zip.Damaged("weights.safetensors", bytes => bytes[..^4]).Load(_context)),
        Use("Model files", () => _zip.Damaged("weights.safetensors", _ => null).Load(_context)),
        Use("Model files", () => _zip.With("model.json", ModelZip.Edited("options.epochs", "0")).Load(_context)),
        Use("Model files", () => _zip.With("model.json", ModelZip.Edited("options.hiddenSize", "32")).Load(_context)),
        Use("Model files", () => _zip.With("model.json", _ => "{}"u8.ToArray()).Load(_context)),
    ];

    private List<(string About, string Code, Action Act)> Modules()
    {
        var one = nn.Sequential(nn.Flatten(), nn.Linear(8 * 8, 8));
        return
        [
            Use("Custom backbones", () => With(_ => null!).Fit(_data)),
            Use("Custom backbones", () => With(_ => nn.Linear(3, 8)).Fit(_data)),
            Use("Custom backbones", () => With(_ => nn.ReLU()).Fit(_data)),
            Use("Custom backbones", () => With(shape => new LinearWithoutRegisterComponents(shape)).Fit(_data)),
            Use("Custom backbones", () => With(_ => one).Fit(With(_ => one).Fit(_data).Transform(_data))),
            Use(
                "Custom backbones",
                () => With(shape => nn.Sequential(nn.Flatten(), nn.Linear(shape.Size, 8, dtype: ScalarType.Float64))).Fit(_data)),
        ];
    }

    private static byte[] Replaced(byte[] json, string old, string now) =>
        [.. Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json).Replace(old, now, StringComparison.Ordinal)), (byte)' '];

    private static (string About, string Code, Action Act) Use(
        string about, Action act, [CallerArgumentExpression(nameof(act))] string code = "") =>
        (about, Readable(code), act);

    /// <summary>Returns the code of a use without what it is written with here: the arrow, the marks of fields, breaks of lines.</summary>
    /// <param name="code">An action.</param>
    public static string Readable(string code) =>
        Regex.Replace(Regex.Replace(code["() => ".Length..], @"\b(_(?=[a-z])|Tiny\.)", string.Empty), @"\s*\n\s*", string.Empty);

    private NoPropTrainer With(NoPropOptions options) => Tiny.Trainer(_context, options);

    private NoPropTrainer With(Func<ImageShape, nn.Module<Tensor, Tensor>> create) => _context.MulticlassClassification.Trainers.NoProp(
        Tiny.Options with { Backbone = NoPropBackbone.Custom, BackboneName = "mine" }, create);

    private NoPropTransformer ModelOf(params string[] columns) =>
        With(new NoPropOptions { Backbone = NoPropBackbone.Mlp, Epochs = 1, HiddenSize = 8 }).Fit(Table(columns));

    private IDataView Table(params string[] columns)
    {
        var rows = Rows(new { Height = 0.3f, Weight = 4f, Kind = "cat" }, new { Height = 4f, Weight = 900f, Kind = "giraffe" });
        return _context.Transforms.Concatenate("Features", columns)
            .Append(_context.Transforms.Conversion.MapValueToKey("Label", "Kind"))
            .Fit(rows)
            .Transform(rows);
    }

    private IDataView Rows<T>(params T[] rows)
        where T : class => _context.Data.LoadFromEnumerable(rows);

    private static Photo Of(float pixel)
    {
        var photo = Tiny.Photo(1);
        photo.Features[3] = pixel;
        return photo;
    }

    private sealed class LinearWithoutRegisterComponents(ImageShape shape) : nn.Module<Tensor, Tensor>("mine")
    {
        private readonly Linear _linear = nn.Linear(shape.Size, 8);

        public override Tensor forward(Tensor images) => _linear.call(images.flatten(1));
    }
}
