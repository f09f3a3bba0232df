using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Scoring;

/// <summary>Data with scores behind it. Lazy: nothing is scored before a cursor asks, and then a batch at a time.</summary>
/// <param name="source">The data; each cursor opens it once.</param>
/// <param name="schema">The model, bound to the data's schema.</param>
/// <param name="scorer">The model's scorer.</param>
internal sealed class ScoredDataView(IDataView source, ScoredSchema schema, IBatchScorer scorer) : IDataView
{
    /// <inheritdoc/>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public long? GetRowCount() => source.GetRowCount();

    /// <inheritdoc/>
    /// <remarks>The order never changes, whatever <paramref name="rand"/> is: this view says that it cannot shuffle.</remarks>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var active = columnsNeeded.ToList();
        var isScored = active.Exists(schema.IsAdded);
        var rows = source.GetRowCursor(schema.Dependencies(active, RowReader.TextColumns(source)));
        try
        {
            return isScored
                ? new ScoredCursor(source, rows, schema, active, scorer, TimeProvider.System)
                : new UnscoredCursor(schema, rows, active);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>One cursor, whatever <paramref name="n"/> is: the network uses all cores already.</remarks>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>Goes through the data where no score is asked for: the source's own cursor under the output's schema.</summary>
/// <param name="schema">The model, bound to the data's schema.</param>
/// <param name="rows">A cursor over the data; owned from here on.</param>
/// <param name="active">The columns asked for.</param>
internal sealed class UnscoredCursor(ScoredSchema schema, DataViewRowCursor rows, IEnumerable<DataViewSchema.Column> active)
    : DataViewRowCursor
{
    private readonly HashSet<int> _active = [.. active.Select(column => column.Index)];

    /// <inheritdoc/>
    public override DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public override long Position => rows.Position;

    /// <inheritdoc/>
    public override long Batch => rows.Batch;

    /// <inheritdoc/>
    public override bool MoveNext() => rows.MoveNext();

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => rows.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedGetter.CheckActive(this, column);
        return rows.GetGetter<TValue>(schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rows.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Input and output schema of a model on some data, and which columns of one need which of the other.</summary>
internal sealed class ScoredSchema
{
    /// <summary>Binds a model to a schema.</summary>
    /// <param name="input">The input's schema.</param>
    /// <param name="featureName">The feature column.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="slots">What the slots of the feature column were called in training; empty where they had no names.</param>
    /// <param name="columns">The columns that the model adds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or does not fit.</exception>
    public ScoredSchema(
        DataViewSchema input, string featureName, ImageShape shape, IReadOnlyList<string> slots, ScoreColumns columns)
    {
        (Feature, Format) = InputColumns.Feature(input, featureName, shape);
        InputColumns.CheckSlots(Feature, slots);
        Input = input;
        Columns = columns;
        Output = columns.Append(input);
    }

    /// <summary>Gets the input's schema.</summary>
    public DataViewSchema Input { get; }

    /// <summary>Gets the output's schema.</summary>
    public DataViewSchema Output { get; }

    /// <summary>Gets the columns that the model adds.</summary>
    public ScoreColumns Columns { get; }

    /// <summary>Gets the feature column.</summary>
    public DataViewSchema.Column Feature { get; }

    /// <summary>Gets what the feature column holds.</summary>
    public FeatureFormat Format { get; }

    /// <summary>Returns whether an output column is one that the model adds.</summary>
    /// <param name="column">A column of <see cref="Output"/>.</param>
    public bool IsAdded(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>Returns what an added column holds.</summary>
    /// <param name="column">A column of <see cref="Output"/> that the model adds.</param>
    public ScoreColumn Added(DataViewSchema.Column column) => Columns.Added[column.Index - Input.Count].Column;

    /// <summary>Returns whether the draws' disagreement is asked for.</summary>
    /// <param name="active">The columns of <see cref="Output"/> asked for.</param>
    public bool NeedsDisagreement(IEnumerable<DataViewSchema.Column> active) =>
        active.Any(column => IsAdded(column) && column.Index < Output.Count && Added(column) == ScoreColumn.Disagreement);

    /// <summary>Returns the input columns behind output columns that are passed through.</summary>
    /// <param name="columns">Columns of <see cref="Output"/>.</param>
    public IEnumerable<DataViewSchema.Column> PassedThrough(IEnumerable<DataViewSchema.Column> columns) =>
        columns.Where(column => !IsAdded(column)).Select(column => Input[column.Index]);

    /// <summary>Returns the input columns that output columns are made of, each once.</summary>
    /// <param name="columns">Columns of <see cref="Output"/>.</param>
    /// <param name="texts">Columns of <see cref="Input"/> by which a row is named that cannot be read.</param>
    public IEnumerable<DataViewSchema.Column> Dependencies(
        IReadOnlyCollection<DataViewSchema.Column> columns, IEnumerable<DataViewSchema.Column> texts) =>
        PassedThrough(columns).Concat(columns.Any(IsAdded) ? texts.Prepend(Feature) : []).DistinctBy(column => column.Index);
}
