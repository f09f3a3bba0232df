using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Data;

/// <summary>The two columns that a model adds, PredictedLabel and Score, with all that ML.NET's evaluators and mappings look for.</summary>
/// <param name="PredictedLabelName">The name of the predicted class, a key.</param>
/// <param name="ScoreName">The name of the class probabilities.</param>
/// <param name="ClassCount">K.</param>
/// <param name="Keys">The names of the classes; <see langword="null"/> for a bare key.</param>
internal sealed record ScoreColumns(string PredictedLabelName, string ScoreName, int ClassCount, ClassKeys? Keys)
{
    /// <summary>Gets the type of the predicted label.</summary>
    public KeyDataViewType PredictedLabelType { get; } = new(typeof(uint), ClassCount);

    /// <summary>Gets the type of the score.</summary>
    public VectorDataViewType ScoreType { get; } = new(NumberDataViewType.Single, ClassCount);

    /// <summary>Returns a schema with the two columns behind those of the input, which keep their places.</summary>
    /// <param name="input">The input's schema.</param>
    public DataViewSchema Append(DataViewSchema input)
    {
        var scoreSet = AnnotationKinds.NextScoreSet(input);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(PredictedLabelName, PredictedLabelType, PredictedLabelAnnotations(scoreSet));
        builder.AddColumn(ScoreName, ScoreType, ScoreAnnotations(scoreSet));
        return builder.ToSchema();
    }

    private DataViewSchema.Annotations PredictedLabelAnnotations(uint scoreSet)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AnnotationKinds.AddScoreKinds(builder, scoreSet, isScore: false);
        Keys?.AddTo(builder, AnnotationKinds.KeyValues);
        return builder.ToAnnotations();
    }

    private DataViewSchema.Annotations ScoreAnnotations(uint scoreSet)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AnnotationKinds.AddScoreKinds(builder, scoreSet, isScore: true);
        Keys?.AddTo(builder, AnnotationKinds.TrainingLabelValues);
        if (Keys is { AreText: true })
        {
            Keys.AddTo(builder, AnnotationKinds.SlotNames);
        }

        return builder.ToAnnotations();
    }
}
