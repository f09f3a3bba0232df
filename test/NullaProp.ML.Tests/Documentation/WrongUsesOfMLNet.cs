using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>Wrong uses at which ML.NET speaks and the library is not asked: what is said, and what helps.</summary>
internal sealed class WrongUsesOfMLNet : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TempFolder _folder = new();
    private readonly ITransformer _model;
    private readonly IDataView _data;

    public WrongUsesOfMLNet()
    {
        _data = _context.Data.LoadFromEnumerable(Tiny.Photos().Select(photo => new Named
        {
            Kind = $"{photo.Label}",
            Features = photo.Features,
        }));
        _model = _context.Transforms.Conversion.MapValueToKey("Label", nameof(Named.Kind)).Append(Tiny.Trainer(_context)).Fit(_data);
        File.WriteAllText(_folder.File("model.zip"), "no zip");
    }

    /// <summary>Gets the uses, and what helps.</summary>
    public IReadOnlyList<(string Code, Action Act, string Cure)> All =>
    [
        Use(
            () => _context.Model.CreatePredictionEngine<Named, TextAnswer>(_model),
            "Append `Transforms.Conversion.MapKeyToValue(\"PredictedLabel\")` to the pipeline."),
        Use(
            () => _context.Model.CreatePredictionEngine<Named, WholeNumbers>(_model),
            "The scores are `float[] Score`. A property that is called otherwise, such as `Scores`, stays empty, and nothing is said."),
        Use(
            () => _context.Model.CreatePredictionEngine<FeaturesAlone, TextAnswer>(_model),
            "The class of a new row has a property for every column that a step of the chain reads, that of the classes too; it may be "
                + "empty."),
        Use(
            () => _context.MulticlassClassification.Evaluate(_data, nameof(Named.Kind)),
            "Evaluate what `model.Transform(data)` returns."),
        Use(
            () => _context.Model.Load(_folder.File("model.zip"), out _),
            "The file is no model. `NoPropModelFile.Check(path)` says more, and names it."),
        Use(
            () => _context.Transforms.LoadImages("Image", _folder.Path, nameof(Named.Kind))
                .Append(_context.Transforms.ExtractPixels("Features", "Image"))
                .Fit(_data).Transform(_data),
            "Put `Transforms.ResizeImages` before `ExtractPixels`, or take `LoadImageFiles` in place of all three."),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        (_model as IDisposable)?.Dispose();
        _folder.Dispose();
    }

    private static (string Code, Action Act, string Cure) Use(
        Action act, string cure, [CallerArgumentExpression(nameof(act))] string code = "") =>
        (WrongUses.Readable(code).Replace("folder.File(\"model.zip\")", "\"model.zip\"", StringComparison.Ordinal), act, cure);

    private sealed class Named
    {
        public string Kind { get; set; } = "";

        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = [];
    }

    private sealed class FeaturesAlone
    {
        [VectorType(1, 8, 8)]
        public float[] Features { get; set; } = [];
    }

    private sealed class TextAnswer
    {
        public string PredictedLabel { get; set; } = "";
    }

    private sealed class WholeNumbers
    {
        public int[] Score { get; set; } = [];
    }
}
