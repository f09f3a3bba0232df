using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>Scores single rows, for <c>PredictionEngine</c>.</summary>
/// <param name="schema">The model, bound to the rows' schema.</param>
/// <param name="scorer">The scorer.</param>
internal sealed class ScoredRowMapper(ScoredSchema schema, IBatchScorer scorer) : IRowToRowMapper
{
    /// <inheritdoc/>
    public DataViewSchema InputSchema => schema.Input;

    /// <inheritdoc/>
    public DataViewSchema OutputSchema => schema.Output;

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        ArgumentNullException.ThrowIfNull(dependingColumns);
        var wanted = dependingColumns.ToList();
        var needed = wanted.Exists(schema.IsAdded) ? schema.Needed : [];
        return schema.PassedThrough(wanted).Concat(needed).DistinctBy(column => column.Index);
    }

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        if (!ReferenceEquals(input.Schema, schema.Input))
        {
            throw new ArgumentException("The row has another schema than the one this mapper was made for. Ask the model for a mapper with the row's own schema.", nameof(input));
        }

        return new ScoredRow(schema, input, activeColumns, scorer);
    }
}
