using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>Getters for the two added columns over scores that lie in memory.</summary>
/// <param name="columns">The columns.</param>
/// <param name="current">Returns the class probabilities of the current row, K of them; called on every read.</param>
internal sealed class ScoreGetters(ScoreColumns columns, Func<ReadOnlyMemory<float>> current)
{
    /// <summary>Returns the getter of a column.</summary>
    /// <param name="isPredictedLabel">Whether the predicted label is wanted, else the score.</param>
    public Delegate Of(bool isPredictedLabel) => isPredictedLabel ? (ValueGetter<uint>)PredictedLabel : (ValueGetter<VBuffer<float>>)Score;

    // Keys count from 1; the first of equal scores wins.
    private void PredictedLabel(ref uint value)
    {
        var scores = current().Span;
        value = 1 + (uint)System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores);
    }

    private void Score(ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, columns.ClassCount);
        current().Span.CopyTo(editor.Values);
        value = editor.Commit();
    }
}
