using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Interop;

/// <summary>The names by which ML.NET's consumers find their way from a score to its label.</summary>
internal static class AnnotationKinds
{
    /// <summary>The names of the values of a key.</summary>
    public const string KeyValues = AnnotationUtils.Kinds.KeyValues;

    /// <summary>The names of the slots of a vector, always text.</summary>
    public const string SlotNames = AnnotationUtils.Kinds.SlotNames;

    /// <summary>The label values that the slots of a score stand for, of the label's own type.</summary>
    public const string TrainingLabelValues = AnnotationUtils.Kinds.TrainingLabelValues;

    /// <summary>Returns the number of the next score column set in a schema.</summary>
    /// <param name="schema">The schema.</param>
    public static uint NextScoreSet(DataViewSchema schema) =>
        schema.GetMaxAnnotationKind(out _, AnnotationUtils.Kinds.ScoreColumnSetId) + 1;

    /// <summary>Adds what says that a column belongs to a multiclass score.</summary>
    /// <param name="builder">The column's annotations.</param>
    /// <param name="scoreSet">The number of the score column set.</param>
    /// <param name="valueKind">What the column holds; <c>Score</c> and <c>PredictedLabel</c> are ML.NET's own words.</param>
    public static void AddScoreKinds(DataViewSchema.Annotations.Builder builder, uint scoreSet, string valueKind)
    {
        builder.Add<uint>(
            AnnotationUtils.Kinds.ScoreColumnSetId,
            AnnotationUtils.ScoreColumnSetIdType,
            (ref uint value) => value = scoreSet);
        AddText(builder, AnnotationUtils.Kinds.ScoreColumnKind, AnnotationUtils.Const.ScoreColumnKind.MulticlassClassification);
        AddText(builder, AnnotationUtils.Kinds.ScoreValueKind, valueKind);
    }

    private static void AddText(DataViewSchema.Annotations.Builder builder, string kind, string text) =>
        builder.Add<ReadOnlyMemory<char>>(kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = text.AsMemory());
}
