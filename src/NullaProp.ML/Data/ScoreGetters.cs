using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>Getters for the added columns over scores that lie in memory.</summary>
/// <param name="columns">The columns.</param>
/// <param name="current">Returns the scores of the current row; called on every read.</param>
internal sealed class ScoreGetters(ScoreColumns columns, Func<RowScores> current)
{
    /// <summary>Returns the getter of a column.</summary>
    /// <param name="column">What the column holds.</param>
    public Delegate Of(ScoreColumn column) => column switch
    {
        ScoreColumn.PredictedLabel => (ValueGetter<uint>)PredictedLabel,
        ScoreColumn.Score => (ValueGetter<VBuffer<float>>)Score,
        ScoreColumn.Entropy => (ValueGetter<float>)EntropyOfScore,
        ScoreColumn.Disagreement => (ValueGetter<float>)Disagreement,
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "No such column."),
    };

    // Keys count from 1; the first of equal scores wins.
    private void PredictedLabel(ref uint value) => value = 1 + (uint)TensorPrimitives.IndexOfMax(current().Probabilities.Span);

    private void Score(ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, columns.ClassCount);
        current().Probabilities.Span.CopyTo(editor.Values);
        value = editor.Commit();
    }

    private void EntropyOfScore(ref float value) => value = Entropy.Of(current().Probabilities.Span);

    private void Disagreement(ref float value) => value = current().Disagreement;
}
