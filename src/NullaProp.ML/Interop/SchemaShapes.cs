using Microsoft.ML;
using Microsoft.ML.Data;
using static Microsoft.ML.SchemaShape.Column;

namespace NullaProp.ML.Interop;

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
