using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static Microsoft.ML.SchemaShape.Column;

namespace NullaProp.ML.Interop;

/// <summary>A column that is made of another one, row by row: what ML.NET's machinery of such transforms wants to know.</summary>
/// <param name="transformer">Who makes it.</param>
/// <param name="source">The column that it is made of.</param>
/// <param name="added">The new column.</param>
/// <param name="getter">Returns the getter of a row. The values are their reader's, who may keep them.</param>
internal sealed class AddedColumn(
    ITransformer transformer,
    DataViewSchema.Column source,
    DataViewSchema.DetachedColumn added,
    Func<DataViewRow, Delegate> getter) : IRowMapper
{
    /// <summary>
    /// Gets what reads from a row all that its image is made of, and returns what makes it: at any time, on any thread.
    /// <see langword="null"/> where the column holds no images.
    /// </summary>
    public Func<DataViewRow, Func<Func<MLImage>>>? Images { get; init; }

    /// <summary>Gets the column that it is made of, in the data below.</summary>
    public DataViewSchema.Column Source => source;

    /// <summary>Returns the column that was added last to some data, and the data below.</summary>
    /// <param name="data">The data.</param>
    /// <returns><see langword="null"/> where another transform is the last.</returns>
    public static (AddedColumn Column, IDataView Below)? LastOf(IDataView data) =>
        data is RowToRowMapperTransform last && Mapper(last) is AddedColumn column ? (column, ((IDataTransform)last).Source) : null;

    /// <summary>Returns data with the column.</summary>
    /// <param name="host">Where the transformer lives.</param>
    /// <param name="input">The data.</param>
    /// <param name="bind">Returns the column for data of a schema.</param>
    public static IDataView To(IHost host, IDataView input, Func<DataViewSchema, AddedColumn> bind) =>
        new RowToRowMapperTransform(host, input, bind(input.Schema), bind);

    /// <summary>Returns what adds the column to single rows.</summary>
    /// <param name="host">Where the transformer lives.</param>
    /// <param name="schema">The schema of the rows.</param>
    /// <param name="bind">Returns the column for data of a schema.</param>
    public static IRowToRowMapper To(IHost host, DataViewSchema schema, Func<DataViewSchema, AddedColumn> bind) =>
        new RowToRowMapperTransform(host, new EmptyDataView(host, schema), bind(schema), bind);

    /// <inheritdoc/>
    DataViewSchema.DetachedColumn[] IRowMapper.GetOutputColumns() => [added];

    /// <inheritdoc/>
    Func<int, bool> IRowMapper.GetDependencies(Func<int, bool> activeOutput) => column => activeOutput(0) && column == source.Index;

    /// <inheritdoc/>
    Delegate[] IRowMapper.CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer)
    {
        disposer = static () => { };
        return [activeOutput(0) ? getter(input) : null!]; // as ML.NET asks for columns that nobody reads
    }

    /// <inheritdoc/>
    ITransformer IRowMapper.GetTransformer() => transformer;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_mapper")]
    private static extern ref IRowMapper Mapper(RowToRowMapperTransform transform);

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) => ((ICanSaveModel)transformer).Save(ctx);
}

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

    /// <summary>Returns whether a column is what a model predicts, by ML.NET's own mark.</summary>
    /// <param name="column">The column.</param>
    public static bool IsPrediction(DataViewSchema.Column column)
    {
        const string mark = AnnotationUtils.Kinds.ScoreValueKind;
        if (column.Annotations.Schema.GetColumnOrNull(mark) is not { Type: TextDataViewType })
        {
            return false;
        }

        ReadOnlyMemory<char> kind = default;
        column.Annotations.GetValue(mark, ref kind);
        return kind.Span.SequenceEqual(AnnotationUtils.Const.ScoreValueKind.PredictedLabel);
    }

    private static void AddText(DataViewSchema.Annotations.Builder builder, string kind, string text) =>
        builder.Add<ReadOnlyMemory<char>>(kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = text.AsMemory());
}

/// <summary>What ML.NET keeps to itself about schema shapes: the promise an estimator makes before it sees data.</summary>
internal static class SchemaShapes
{
    /// <summary>Returns a column of a shape, or <see langword="null"/>.</summary>
    /// <param name="schema">The shape.</param>
    /// <param name="name">The column's name.</param>
    public static SchemaShape.Column? Find(SchemaShape schema, string name) => schema.TryFindColumn(name, out var column) ? column : null;

    /// <summary>Returns a column's type as ML.NET writes it in messages, for instance <c>Key&lt;UInt32&gt;</c>.</summary>
    /// <param name="column">The column.</param>
    public static string TypeName(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>Returns the shape of a schema.</summary>
    /// <param name="schema">The schema.</param>
    public static SchemaShape Of(DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>Returns the shape of a column of which nothing more is known than its type.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type, which is no vector and no key.</param>
    public static SchemaShape.Column Plain(string name, DataViewType type) => new(name, VectorKind.Scalar, type, false);

    /// <summary>Returns the shape of a label column with the names of a model's classes, where it has none of its own.</summary>
    /// <param name="label">The label column.</param>
    /// <param name="names">The type of the model's names; <see langword="null"/> where it has none either.</param>
    public static SchemaShape.Column Named(SchemaShape.Column label, PrimitiveDataViewType? names) =>
        names is null || Find(label.Annotations, AnnotationUtils.Kinds.KeyValues) is not null ? label : new(
            label.Name,
            label.Kind,
            label.ItemType,
            label.IsKey,
            new SchemaShape(label.Annotations.Append(
                new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, VectorKind.Vector, names, false))));

    /// <summary>Returns the shape of the predicted-label column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="label">The label column it follows.</param>
    public static SchemaShape.Column PredictedLabel(string name, SchemaShape.Column label)
    {
        var annotations = AnnotationUtils.GetTrainerOutputAnnotation().ToList();
        if (Find(label.Annotations, AnnotationUtils.Kinds.KeyValues) is { Kind: VectorKind.Vector } keys)
        {
            annotations.Add(new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, VectorKind.Vector, keys.ItemType, false));
        }

        return new(name, VectorKind.Scalar, NumberDataViewType.UInt32, true, new SchemaShape(annotations));
    }

    /// <summary>Returns the shape of the score column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="label">The label column.</param>
    public static SchemaShape.Column Score(string name, SchemaShape.Column label) =>
        new(
            name,
            VectorKind.Vector,
            NumberDataViewType.Single,
            false,
            new SchemaShape(AnnotationUtils.AnnotationsForMulticlassScoreColumn(label)));

    /// <summary>Returns the shape of a column of one number beside the score.</summary>
    /// <param name="name">Its name.</param>
    public static SchemaShape.Column Number(string name) =>
        new(name, VectorKind.Scalar, NumberDataViewType.Single, false, new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation()));
}
