using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples;

namespace NullaProp.ML.Experiments.Tables;

/// <summary>A method's figures on one fold of a table.</summary>
/// <param name="Table">The file.</param>
/// <param name="Method">The method, with its setting.</param>
/// <param name="Rows">The number of rows of the table.</param>
/// <param name="Features">The number of features.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Draw">How the rows were cut into folds, and the seed.</param>
/// <param name="Fold">Which fold was tested on.</param>
/// <param name="MicroAccuracy">The share of its rows classified correctly, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label) over them, in nats.</param>
internal sealed record TableRow(
    string Table, string Method, int Rows, int Features, int Classes, int Draw, int Fold, double MicroAccuracy, double LogLoss)
    : IResultRow
{
    object IResultRow.Measured => (Table, Method, Draw, Fold);
}

/// <summary>A table of numbers of which the last column is the class, and what methods make of its folds.</summary>
internal sealed class TableStudy
{
    private const int Folds = 5;

    // Epochs and batch of NoProp.
    private static readonly (int Epochs, int Batch)[] Settings =
        [(5, 16), (10, 16), (20, 16), (40, 16), (10, 32), (20, 32), (40, 32), (10, 128), (40, 128)];

    private readonly List<Sample> _samples;
    private readonly string _name;
    private readonly int _features;
    private readonly int _classes;

    /// <summary>Reads a table.</summary>
    /// <param name="path">A file of comma-separated numbers, the class last; its first line is passed over.</param>
    /// <exception cref="UserMistakeException">It holds something else.</exception>
    public TableStudy(string path)
    {
        _name = Path.GetFileNameWithoutExtension(path);
        _samples = [.. File.ReadLines(path).Skip(1).Where(line => line.Length > 0).Select((line, index) => Parse(path, index + 2, line))];
        (_features, _classes) = (_samples[0].Features.Length, _samples.Select(sample => sample.Name).Distinct().Count());
    }

    /// <summary>Returns the figures of all methods on all folds.</summary>
    /// <param name="draw">How the rows are cut into folds, and the seed.</param>
    public IEnumerable<TableRow> Run(int draw)
    {
        var context = new MLContext(draw);
        var schema = SchemaDefinition.Create(typeof(Sample));
        schema[nameof(Sample.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, _features);
        var keys = context.Transforms.Conversion.MapValueToKey("Label", nameof(Sample.Name));
        var data = context.Data.LoadFromEnumerable(_samples, schema);
        var rows = keys.Fit(data).Transform(data);
        foreach (var (split, fold) in context.Data.CrossValidationSplit(rows, Folds, seed: draw).Select((split, fold) => (split, fold)))
        {
            foreach (var (method, trainer) in Methods(context))
            {
                var model = trainer.Fit(split.TrainSet);
                using var memory = model as IDisposable;
                var figures = Calibration.Of(model.Transform(split.TestSet));
                yield return new TableRow(
                    _name, method, _samples.Count, _features, _classes, draw, fold, figures.MicroAccuracy, figures.LogLoss);
            }
        }
    }

    // The linear ones need features of one scale.
    private static IEnumerable<(string Name, IEstimator<ITransformer> Trainer)> Methods(MLContext context)
    {
        var trainers = context.MulticlassClassification.Trainers;
        var scaled = context.Transforms.NormalizeMeanVariance("Features");
        yield return ("SdcaMaximumEntropy", scaled.Append(trainers.SdcaMaximumEntropy()));
        yield return ("LbfgsMaximumEntropy", scaled.Append(trainers.LbfgsMaximumEntropy()));
        yield return ("LightGbm", new EstimatorChain<ITransformer>().Append(trainers.LightGbm()));
        foreach (var (epochs, batch) in Settings)
        {
            var options = new NoPropOptions { Backbone = NoPropBackbone.Mlp, Epochs = epochs, BatchSize = batch };
            var setting = $"{epochs} epochs, batches of {batch}";
            yield return ($"NoProp, {setting}", Chain(options));
            yield return ($"Cross-entropy, {setting}", Chain(options with { Variant = new CrossEntropyBaseline() }));
        }

        IEstimator<ITransformer> Chain(NoPropOptions options) => new EstimatorChain<ITransformer>().Append(trainers.NoProp(options));
    }

    private static Sample Parse(string path, int line, string text)
    {
        var cells = text.Split(',');
        var numbers = new float[cells.Length - 1];
        for (var column = 0; column < numbers.Length; column++)
        {
            if (!float.TryParse(cells[column], CultureInfo.InvariantCulture, out numbers[column]))
            {
                throw new UserMistakeException(
                    $"Line {line} of '{path}' has '{cells[column]}' in column {column + 1}, but must have a number.");
            }
        }

        return new Sample { Name = cells[^1], Features = numbers };
    }

    private sealed class Sample
    {
        public string Name { get; init; } = "";

        public float[] Features { get; init; } = [];
    }
}
