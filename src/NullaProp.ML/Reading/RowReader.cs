using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Reading;

/// <summary>
/// Reads and checks the image of a row, and names the row where that fails: its number and its texts, among which a file path will be.
/// </summary>
internal sealed class RowReader : IDisposable
{
    private const int MostTexts = 8;
    private const int LongestText = 260; // characters, as long as a path on Windows

    private readonly DataViewRow _row;
    private readonly DataViewSchema.Column _column;
    private readonly FeatureFormat _format;
    private readonly bool _isNumbered;
    private readonly PixelRange? _known;
    private readonly PixelReader _pixels;
    private readonly List<(string Name, ValueGetter<ReadOnlyMemory<char>> Getter)> _texts;

    /// <summary>Creates a reader that follows a row as it moves.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The feature column, active in the row.</param>
    /// <param name="format">What the column holds.</param>
    /// <param name="isNumbered">
    /// Whether the row's number says which it is; that of a prediction engine's single row counts calls.
    /// </param>
    /// <param name="known">The pixels that the network knows; <see langword="null"/> where none is trained yet.</param>
    public RowReader(
        DataViewRow row, DataViewSchema.Column column, FeatureFormat format, PixelRange? known = null, bool isNumbered = true)
    {
        (_row, _column, _format, _known, _isNumbered) = (row, column, format, known, isNumbered);
        _pixels = PixelReader.Of(row, column, format);
        _texts =
        [
            .. TextColumns(row.Schema).Where(row.IsColumnActive).Take(MostTexts)
                .Select(text => (text.Name, row.GetGetter<ReadOnlyMemory<char>>(text))),
        ];
    }

    /// <summary>
    /// Returns the columns whose text helps to name a row and is there anyway: what transforms make may cost, or fail, for the name alone.
    /// </summary>
    /// <param name="data">The data.</param>
    public static IEnumerable<DataViewSchema.Column> TextColumns(IDataView data)
    {
        var source = DataAtRest.Source(data).Schema;
        return TextColumns(data.Schema).Where(text => source.GetColumnOrNull(text.Name) is { Type: TextDataViewType });
    }

    /// <summary>Returns the columns whose text helps to name a row.</summary>
    /// <param name="schema">The schema of the data.</param>
    public static IEnumerable<DataViewSchema.Column> TextColumns(DataViewSchema schema) =>
        schema.Where(column => !column.IsHidden && column.Type is TextDataViewType);

    /// <summary>Reads the row's image.</summary>
    /// <param name="pixels">Where to write C·H·W values.</param>
    /// <exception cref="InvalidOperationException">
    /// The image cannot be read, or holds NaN or infinity, or pixels unlike those of the training.
    /// </exception>
    public void Read(Span<float> pixels)
    {
        Fetch(pixels);
        if (PixelLoops.IndexOfNonFinite(pixels) is var place and >= 0)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"{Name()} holds {pixels[place].ToString(CultureInfo.InvariantCulture)} {Place(place)}, but every value must be a "
                    + $"finite number. {Cure(pixels[place])}".TrimEnd()));
        }

        if (_known?.Fault(pixels) is { } fault)
        {
            throw UserFault.Of(new InvalidOperationException($"{Name()} {fault}"));
        }
    }

    /// <summary>Reads the row's image, whatever its values.</summary>
    /// <param name="pixels">Where to write C·H·W values.</param>
    /// <exception cref="InvalidOperationException">The image cannot be read.</exception>
    public void Fetch(Span<float> pixels)
    {
        try
        {
            _pixels.Read(pixels);
        }
        catch (Exception fault) when (FaultyRow.IsOfData(fault))
        {
            throw Unreadable(string.Empty, fault);
        }
    }

    /// <summary>Reads a value beside the image.</summary>
    /// <param name="getter">Its getter.</param>
    /// <param name="column">The column's name.</param>
    /// <exception cref="InvalidOperationException">The value cannot be read.</exception>
    public T Value<T>(ValueGetter<T> getter, string column)
        where T : struct
    {
        try
        {
            T value = default;
            getter(ref value);
            return value;
        }
        catch (Exception fault) when (FaultyRow.IsOfData(fault))
        {
            throw Unreadable($" in column '{column}'", fault);
        }
    }

    /// <summary>Returns what the row is called in messages: its number, where it is one of several, and its texts.</summary>
    public string Name()
    {
        var texts = _texts.Select(Text).OfType<string>().ToList();
        var number = _isNumbered ? string.Create(CultureInfo.InvariantCulture, $"Row {_row.Position}") : "The row";
        return texts.Count == 0 ? number : $"{number} ({string.Join(", ", texts)})";
    }

    /// <inheritdoc/>
    public void Dispose() => (_pixels as IDisposable)?.Dispose();

    // A text that cannot be read must not hide the fault that it would help to place.
    private static string? Text((string Name, ValueGetter<ReadOnlyMemory<char>> Getter) column)
    {
        try
        {
            ReadOnlyMemory<char> value = default;
            column.Getter(ref value);
            return value.IsEmpty ? null : $"{column.Name} '{(value.Length <= LongestText ? value : value[..LongestText])}'";
        }
        catch (Exception fault) when (FaultyRow.IsOfData(fault))
        {
            return null;
        }
    }

    private string Place(int value) => _format.Shape.IsTable
        ? $"in slot {value}{SlotName(value)} of column '{_column.Name}'"
        : $"as pixel value {value} of column '{_column.Name}'";

    private string SlotName(int slot) =>
        InputColumns.SlotNames(_column) is { Count: > 0 } names && names[slot].Length > 0 ? $" ('{names[slot]}')" : string.Empty;

    private string Cure(float value)
    {
        const string fillOrLeaveOut = "Fill gaps with ReplaceMissingValues, or leave such rows out with FilterRowsByMissingValues.";
        return !float.IsNaN(value) ? Advice.TrimStart()
            : !_isNumbered ? "Fill gaps with ReplaceMissingValues."
            : !_format.Shape.IsTable ? fillOrLeaveOut
            : "NaN is what a text loader makes of a cell that is no number: see to header, separator and order of the columns. "
                + fillOrLeaveOut + " Rows are counted from 0.";
    }

    private string Advice => _isNumbered ? " Mend it, or leave it out." : string.Empty;

    private InvalidOperationException Unreadable(string where, Exception fault) => UserFault.Of(
        new InvalidOperationException(
            $"{Name()} could not be read{where}: {fault.Message.TrimEnd('.')}.{Advice}", fault));
}
