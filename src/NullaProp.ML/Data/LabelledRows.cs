using Microsoft.ML;

namespace NullaProp.ML.Data;

/// <summary>The rows of an <see cref="IDataView"/> that have a label, with their images.</summary>
internal sealed class LabelledRows
{
    private readonly IDataView _data;
    private readonly DataViewSchema.Column _feature;
    private readonly DataViewSchema.Column _label;
    private readonly FeatureFormat _format;
    private readonly int _classes;
    private readonly Action _checkAlive;

    /// <summary>Finds and checks the columns.</summary>
    /// <param name="data">The data.</param>
    /// <param name="options">The names of the columns.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="checkAlive">Called for every row; throws to stop.</param>
    public LabelledRows(IDataView data, NoPropOptions options, ImageShape? wanted, Action checkAlive)
    {
        _data = data;
        (_feature, _format) = InputColumns.Feature(data.Schema, options.FeatureColumnName, wanted);
        (_label, _classes) = InputColumns.Label(data.Schema, options.LabelColumnName);
        _checkAlive = checkAlive;
    }

    /// <summary>Gets the size of the images.</summary>
    public ImageShape Shape => _format.Shape;

    /// <summary>Gets the number of rows without a label that the last reading left out.</summary>
    public long Skipped { get; private set; }

    /// <summary>Reads the rows once.</summary>
    /// <param name="pixels">Where to write each image, C·H·W values.</param>
    /// <returns>The class index of each row, from 0; while it is current, its image is in <paramref name="pixels"/>.</returns>
    /// <exception cref="InvalidOperationException">A row cannot be read.</exception>
    public IEnumerable<int> Read(float[] pixels)
    {
        using var cursor = _data.GetRowCursor([_feature, _label, .. RowReader.TextColumns(_data.Schema)]);
        var reader = new RowReader(cursor, _feature, _format);
        var labelGetter = cursor.GetGetter<uint>(_label);
        Skipped = 0;
        var key = 0u;
        while (FaultyRow.MoveNext(cursor, _data, _feature, _format))
        {
            _checkAlive();
            labelGetter(ref key);
            if (key == 0 || key > _classes)
            {
                Skipped++; // key 0 is ML.NET's missing value
                continue;
            }

            reader.Read(pixels);
            yield return (int)key - 1;
        }
    }
}
