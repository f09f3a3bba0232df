using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Randomness;

namespace NullaProp.ML.Reading;

/// <summary>Rows that have a label, with their images, or with what stands for these.</summary>
internal interface ILabelledRows
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the names of the classes; the numbers from 0 for a bare key.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Gets the rows that the last reading gave, by class.</summary>
    ClassTotals Totals { get; }

    /// <summary>Gets the number of rows without a label that the last reading left out.</summary>
    long Skipped { get; }

    /// <summary>
    /// Gets a hash of the images that the last reading went through, where the rows hold what was computed from them: that comes out
    /// otherwise in the last bits on another kind of processor. <see langword="null"/> where the rows hold the images.
    /// </summary>
    string? HashOfImages { get; }

    /// <summary>Gets a value indicating whether <see cref="Again"/> can give the rows in a random order.</summary>
    bool CanShuffle { get; }

    /// <summary>Reads the rows once.</summary>
    /// <param name="pixels">Where to write each image, C·H·W values.</param>
    /// <returns>Label and weight of each row; while it is current, its image is in <paramref name="pixels"/>.</returns>
    /// <exception cref="InvalidOperationException">A row cannot be read.</exception>
    IEnumerable<LabelledRow> Read(float[] pixels);

    /// <summary>Reads the rows once more, and makes sure that they are as many as before, of each class.</summary>
    /// <param name="pixels">Where to write each image, C·H·W values.</param>
    /// <param name="before">How many the first reading gave.</param>
    /// <param name="order">
    /// The source of a random order, where <see cref="CanShuffle"/>; <see langword="null"/> for their own.
    /// </param>
    /// <returns>As <see cref="Read"/>.</returns>
    /// <exception cref="InvalidOperationException">A row cannot be read, or there are more or fewer rows.</exception>
    IEnumerable<LabelledRow> Again(float[] pixels, int before, RandomStream? order = null);
}

/// <summary>The rows of an <see cref="IDataView"/> that have a label, with their images.</summary>
internal sealed class LabelledRows : ILabelledRows
{
    private readonly IDataView _data;
    private readonly DataViewSchema.Column _feature;
    private readonly DataViewSchema.Column _label;
    private readonly DataViewSchema.Column? _weight;
    private readonly FeatureFormat _format;
    private readonly int _classes;
    private readonly Action _checkAlive;
    private readonly PixelRange? _known;
    private readonly int _threads;
    private ClassTotals? _first; // of the first whole reading

    /// <summary>Finds and checks the columns.</summary>
    /// <param name="data">The data.</param>
    /// <param name="options">The names of the columns.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="checkAlive">Called for every row; throws to stop.</param>
    /// <param name="known">The pixels that the network knows; <see langword="null"/> where none is trained yet.</param>
    /// <param name="threads">The most threads that decode image files.</param>
    public LabelledRows(
        IDataView data, NoPropOptions options, ImageShape? wanted, Action checkAlive, PixelRange? known = null, int threads = 1)
    {
        _data = data;
        (_feature, _format) = InputColumns.Feature(data.Schema, options.FeatureColumnName, wanted);
        (_label, _classes) = InputColumns.Label(data, options.LabelColumnName);
        _weight = options.ExampleWeightColumnName is { } name ? InputColumns.Weight(data.Schema, name) : null;
        ClassNames = ClassValues.NamesOf(ClassValues.Of(_label, _classes), _classes);
        Totals = new ClassTotals(_classes);
        (_checkAlive, _known, _threads) = (checkAlive, known, threads);
    }

    /// <inheritdoc/>
    public ImageShape Shape => _format.Shape;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public ClassTotals Totals { get; private set; }

    /// <inheritdoc/>
    public long Skipped { get; private set; }

    /// <inheritdoc/>
    public string? HashOfImages => null;

    /// <inheritdoc/>
    /// <remarks><c>ShuffleRows</c> says so of any data, and mixes but neighbours of such as cannot.</remarks>
    public bool CanShuffle => _data.CanShuffle && DataAtRest.Source(_data).CanShuffle;

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Read(float[] pixels) => Read(pixels, order: null);

    private IEnumerable<LabelledRow> Read(float[] pixels, Random? order)
    {
        DataViewSchema.Column[] weights = _weight is { } weight ? [weight] : [];
        using var cursor = FaultyRow.Outside(
            () => ImagesAhead.Cursor(_data, _feature, [_label, .. weights, .. RowReader.TextColumns(_data)], order, _threads),
            _feature);
        using var reader = new RowReader(cursor, _feature, _format, _known, isNumbered: order is null);
        var labelGetter = cursor.GetGetter<uint>(_label);
        var weightGetter = weights.Length == 0 ? null : cursor.GetGetter<float>(weights[0]);
        Skipped = 0;
        Totals = new ClassTotals(_classes);
        while (FaultyRow.MoveNext(cursor, _data, _feature, _format, _checkAlive))
        {
            _checkAlive();
            var key = reader.Value(labelGetter, _label.Name);
            if (key == 0 || key > _classes)
            {
                Skipped++; // key 0 is ML.NET's missing value
                continue;
            }

            reader.Read(pixels);
            var row = new LabelledRow((int)key - 1, weightGetter is null ? 1 : Weight(weightGetter, reader));
            Totals.Add(row);
            yield return row;
        }

        _first ??= Totals;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Again(float[] pixels, int before, RandomStream? order = null)
    {
        var count = 0;
        foreach (var row in Read(pixels, CanShuffle ? order?.ForMLNet() : null))
        {
            count++;
            if (count > before)
            {
                throw Changed(before, $"more than {before}");
            }

            yield return row;
        }

        if (count < before)
        {
            throw Changed(before, $"{count}");
        }

        for (var label = 0; label < _classes; label++)
        {
            if (_first!.Rows[label] != Totals.Rows[label])
            {
                throw Changed(_first.Rows[label], $"{Totals.Rows[label]}", $"rows of class '{ClassNames[label]}'");
            }
        }
    }

    private static InvalidOperationException Changed(long before, string now, string rows = "labelled rows") =>
        UserFault.Of(new InvalidOperationException(
            $"The data had {before} {rows} at one reading and {now} at the next. Save it first if it changes from reading to reading or "
            + $"can be read only once, or raise {nameof(NoPropOptions.MaxCachedBytes)} so that it is read once."));

    private float Weight(ValueGetter<float> getter, RowReader reader)
    {
        var name = _weight!.Value.Name;
        var weight = reader.Value(getter, name);
        return float.IsFinite(weight) && weight >= 0
            ? weight
            : throw UserFault.Of(new InvalidOperationException(
                $"{reader.Name()} has {weight.ToString(CultureInfo.InvariantCulture)} in weight column '{name}', but a weight must be a "
                + "finite number, 0 or more. Mend the row, or leave it out."));
    }
}

/// <summary>What a row says beside its image.</summary>
/// <param name="Label">The class index, from 0.</param>
/// <param name="Weight">The row's weight, 0 or more; 1 where no column holds weights.</param>
internal readonly record struct LabelledRow(int Label, float Weight = 1);

/// <summary>How many rows of each class there are, and what they weigh.</summary>
/// <param name="classes">K, the number of classes.</param>
internal sealed class ClassTotals(int classes)
{
    private readonly long[] _rows = new long[classes];
    private readonly double[] _weights = new double[classes];

    /// <summary>Gets the number of rows of each class.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>Gets the sum of the weights of each class's rows.</summary>
    public IReadOnlyList<double> Weights => _weights;

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    public void Add(LabelledRow row)
    {
        _rows[row.Label]++;
        _weights[row.Label] += row.Weight;
    }
}
