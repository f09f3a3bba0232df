using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Scoring;

/// <summary>Getters for the added columns over scores that lie in memory.</summary>
/// <param name="schema">The model, bound to the data's schema.</param>
/// <param name="current">Returns the scores of the current row; called on every read.</param>
internal sealed class ScoreGetters(ScoredSchema schema, Func<RowScores> current)
{
    /// <summary>Returns the getter of an added column.</summary>
    /// <param name="column">A column of the output that the model adds.</param>
    /// <exception cref="InvalidOperationException">The column holds values of another type.</exception>
    public ValueGetter<TValue> Of<TValue>(DataViewSchema.Column column)
    {
        Delegate getter = schema.Added(column) switch
        {
            ScoreColumn.PredictedLabel => (ValueGetter<uint>)PredictedLabel,
            ScoreColumn.Score => (ValueGetter<VBuffer<float>>)Score,
            ScoreColumn.Entropy => (ValueGetter<float>)Entropy,
            ScoreColumn.Disagreement => (ValueGetter<float>)Disagreement,
            var other => throw new InvalidOperationException($"There is no getter for {other}."),
        };
        return TypedGetter.As<TValue>(getter, column);
    }

    private void PredictedLabel(ref uint value) => value = current().Predicted;

    private void Score(ref VBuffer<float> value)
    {
        var probabilities = current().Probabilities.Span;
        var editor = VBufferEditor.Create(ref value, probabilities.Length);
        probabilities.CopyTo(editor.Values);
        value = editor.Commit();
    }

    private void Entropy(ref float value) => value = current().Entropy;

    private void Disagreement(ref float value) => value = current().Disagreement;
}

/// <summary>The checks that ML.NET makes when a getter is asked for.</summary>
internal static class TypedGetter
{
    /// <summary>Checks that a column may be read.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    /// <exception cref="InvalidOperationException">The column is not active or not of this row's schema.</exception>
    public static void CheckActive(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Index >= row.Schema.Count || !row.IsColumnActive(column))
        {
            throw new InvalidOperationException(
                $"Column '{column.Name}' is not active. Name it among the needed columns when opening the cursor.");
        }
    }

    /// <summary>Returns a getter by its type.</summary>
    /// <param name="getter">The getter.</param>
    /// <param name="column">Its column.</param>
    /// <exception cref="InvalidOperationException">It reads values of another type.</exception>
    public static ValueGetter<TValue> As<TValue>(Delegate getter, DataViewSchema.Column column) =>
        getter as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");
}
