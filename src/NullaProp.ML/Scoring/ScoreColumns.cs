using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Scoring;

/// <summary>What a column holds that a model adds.</summary>
internal enum ScoreColumn
{
    /// <summary>The predicted class, a key.</summary>
    PredictedLabel,

    /// <summary>The class probabilities.</summary>
    Score,

    /// <summary>The Shannon entropy of the class probabilities.</summary>
    Entropy,

    /// <summary>The share of draws that give another class than the predicted one.</summary>
    Disagreement,
}

/// <summary>
/// The columns that a model adds, PredictedLabel, Score and those that the options name, with all that ML.NET's evaluators and mappings
/// look for.
/// </summary>
/// <param name="options">The model's options, which name the columns.</param>
/// <param name="classCount">K.</param>
/// <param name="keys">The names of the classes; <see langword="null"/> for a bare key.</param>
internal sealed class ScoreColumns(NoPropOptions options, int classCount, ClassValues? keys)
{
    private readonly KeyDataViewType _predictedLabelType = new(typeof(uint), classCount);
    private readonly VectorDataViewType _scoreType = new(NumberDataViewType.Single, classCount);

    /// <summary>Gets the names of the classes; <see langword="null"/> for a bare key.</summary>
    public ClassValues? Keys => keys;

    /// <summary>Gets the columns in their order, and their names.</summary>
    public IReadOnlyList<(ScoreColumn Column, string Name)> Added { get; } = [.. Named(options)];

    /// <summary>Returns a schema with these columns behind those of the input, which keep their places.</summary>
    /// <param name="input">The input's schema.</param>
    public DataViewSchema Append(DataViewSchema input)
    {
        var scoreSet = AnnotationKinds.NextScoreSet(input);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var (column, name) in Added)
        {
            builder.AddColumn(name, TypeOf(column), Annotations(column, scoreSet));
        }

        return builder.ToSchema();
    }

    private static IEnumerable<(ScoreColumn Column, string Name)> Named(NoPropOptions options)
    {
        yield return (ScoreColumn.PredictedLabel, options.PredictedLabelColumnName);
        yield return (ScoreColumn.Score, options.ScoreColumnName);
        if (options.Sampling.EntropyColumnName is { } entropy)
        {
            yield return (ScoreColumn.Entropy, entropy);
        }

        if (options.Sampling.DisagreementColumnName is { } disagreement)
        {
            yield return (ScoreColumn.Disagreement, disagreement);
        }
    }

    private DataViewType TypeOf(ScoreColumn column) => column switch
    {
        ScoreColumn.PredictedLabel => _predictedLabelType,
        ScoreColumn.Score => _scoreType,
        _ => NumberDataViewType.Single,
    };

    private DataViewSchema.Annotations Annotations(ScoreColumn column, uint scoreSet)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AnnotationKinds.AddScoreKinds(builder, scoreSet, column.ToString());
        if (column == ScoreColumn.PredictedLabel)
        {
            keys?.AddTo(builder, AnnotationKinds.KeyValues);
        }

        if (column == ScoreColumn.Score)
        {
            keys?.AddTo(builder, AnnotationKinds.TrainingLabelValues);
            if (keys is { AreText: true })
            {
                keys.AddTo(builder, AnnotationKinds.SlotNames);
            }
        }

        return builder.ToAnnotations();
    }
}

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
