using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using static Microsoft.ML.SchemaShape.Column;

namespace NullaProp.ML.Reading;

/// <summary>Checks the columns that a trainer or a model reads.</summary>
internal static class InputColumns
{
    private const string FeatureTypes = "Vector<Single>, Vector<Byte> or Image";
    private const string LabelType = "Key<UInt32>";
    private const string WeightType = "Single";

    /// <summary>Checks the shape of a feature column.</summary>
    /// <param name="schema">The shape of the input.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of a wrong type.</exception>
    public static void CheckFeature(SchemaShape schema, string name)
    {
        var column = SchemaShapes.Find(schema, name) ?? throw Missing("feature", name, schema);
        var isVector = column is { Kind: VectorKind.Vector or VectorKind.VariableVector, IsKey: false } && IsPixel(column.ItemType);
        var isImage = column.Kind == VectorKind.Scalar && column.ItemType is ImageDataViewType;
        if (!isVector && !isImage)
        {
            throw UserFault.WrongType("feature", name, FeatureTypes, $"{SchemaShapes.TypeName(column)}{Cure(name, column)}");
        }
    }

    /// <summary>Checks the shape of a label column and returns it.</summary>
    /// <param name="schema">The shape of the input.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of a wrong type.</exception>
    public static SchemaShape.Column CheckLabel(SchemaShape schema, string name)
    {
        var column = SchemaShapes.Find(schema, name) ?? throw Missing("label", name, schema);
        return column is { Kind: VectorKind.Scalar, IsKey: true } && column.ItemType.RawType == typeof(uint)
            ? column
            : throw UserFault.WrongType("label", name, LabelType, $"{SchemaShapes.TypeName(column)}{LabelCure(name, column)}");
    }

    /// <summary>Checks the shape of a weight column.</summary>
    /// <param name="schema">The shape of the input.</param>
    /// <param name="name">The column's name; <see langword="null"/> for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of a wrong type.</exception>
    public static void CheckWeight(SchemaShape schema, string? name)
    {
        if (name is null)
        {
            return;
        }

        var column = SchemaShapes.Find(schema, name) ?? throw Missing("weight", name, schema);
        if (column is not { Kind: VectorKind.Scalar, IsKey: false } || column.ItemType.RawType != typeof(float))
        {
            throw UserFault.WrongType("weight", name, WeightType, SchemaShapes.TypeName(column));
        }
    }

    /// <summary>Returns a weight column.</summary>
    /// <param name="schema">The schema of the data.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of a wrong type.</exception>
    public static DataViewSchema.Column Weight(DataViewSchema schema, string name)
    {
        CheckWeight(SchemaShapes.Of(schema), name);
        return schema[name];
    }

    /// <summary>Checks that every class with a weight is a class of the data.</summary>
    /// <param name="weights">The weights; may be <see langword="null"/>.</param>
    /// <param name="labelName">The label column's name.</param>
    /// <param name="classNames">The names of its classes.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is not.</exception>
    public static void CheckClassWeights(ClassWeights? weights, string labelName, IReadOnlyList<string> classNames)
    {
        var known = classNames.ToHashSet();
        if (weights?.ByName.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw UserFault.Of(new ArgumentOutOfRangeException(
                paramName: null,
                $"{nameof(NoPropOptions.ClassWeights)} has a weight for class '{unknown}', but the classes of label column '{labelName}' "
                + $"are {NameList.Of(classNames)}. Write the names as the column had them before MapValueToKey, or leave the class out."));
        }
    }

    /// <summary>Returns a feature column and what its values mean.</summary>
    /// <param name="schema">The schema of the data.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="backbone">The network that will read them; matters only where no size is wanted.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, of a wrong type or of a wrong size.</exception>
    public static (DataViewSchema.Column Column, FeatureFormat Format) Feature(
        DataViewSchema schema,
        string name,
        ImageShape? wanted,
        NoPropBackbone backbone = NoPropBackbone.SmallConv)
    {
        CheckFeature(SchemaShapes.Of(schema), name);
        var column = schema[name];
        return (column, FeatureFormat.Of(column, wanted, backbone));
    }

    /// <summary>Returns what the slots of a feature column are called, as Concatenate keeps it; nothing where they have no names.</summary>
    /// <param name="column">The column.</param>
    public static IReadOnlyList<string> SlotNames(DataViewSchema.Column column)
    {
        if (!column.HasSlotNames())
        {
            return [];
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    /// <summary>Checks that the values of a feature column are those of a model, in the same order: a value is known by its place
    /// alone.</summary>
    /// <param name="column">The column.</param>
    /// <param name="names">What its slots were called in training; empty where they had no names.</param>
    /// <exception cref="ArgumentOutOfRangeException">A slot is called otherwise.</exception>
    public static void CheckSlots(DataViewSchema.Column column, IReadOnlyList<string> names)
    {
        var found = names.Count == 0 ? [] : SlotNames(column);
        foreach (var (place, (theirs, ours)) in found.Zip(names).Index())
        {
            if (theirs != ours && theirs.Length > 0 && ours.Length > 0)
            {
                throw UserFault.Of(new ArgumentOutOfRangeException(
                    paramName: null,
                    $"Slot {place} of feature column '{column.Name}' is '{theirs}', but was '{ours}' in training. Values are told apart by "
                    + "their place: give Concatenate, or the file that is loaded, the columns in the order of training."));
            }
        }
    }

    /// <summary>Returns a label column and the number of its classes.</summary>
    /// <param name="data">The data.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of a wrong type.</exception>
    /// <exception cref="InvalidOperationException">There is only one class, or no label or row at all.</exception>
    public static (DataViewSchema.Column Column, int Classes) Label(IDataView data, string name)
    {
        CheckLabel(SchemaShapes.Of(data.Schema), name);
        var column = data.Schema[name];
        var count = ((KeyDataViewType)column.Type).Count;
        return count switch
        {
            < 2 => throw UserFault.Of(new InvalidOperationException(TooFewClasses(data, column))),
            > ClassValues.Most => throw UserFault.Of(new InvalidOperationException(
                $"Label column '{name}' has {count} classes, but NoProp takes at most {ClassValues.Most}. Map the labels to keys with "
                + "MapValueToKey.")),
            _ => (column, (int)count),
        };
    }

    /// <summary>Checks that data has the classes of a model, in the same order: a class is known by its number alone.</summary>
    /// <param name="data">The data.</param>
    /// <param name="name">The label column's name.</param>
    /// <param name="classes">The model's number of classes.</param>
    /// <param name="keys">The model's class names, if it has any.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, of a wrong type or of other classes.</exception>
    public static void CheckClasses(IDataView data, string name, int classes, ClassValues? keys)
    {
        var (label, count) = Label(data, name);
        if (count != classes)
        {
            throw UserFault.Of(new ArgumentOutOfRangeException(
                paramName: null,
                $"Label column '{name}' has {count} classes, but the model has {classes}. Map the labels of all data by the same fitted "
                    + "MapValueToKey; other classes need a new model."));
        }

        CheckNames(label, count, keys?.Names ?? []);
    }

    /// <summary>
    /// Checks that a column of labels, where data to score has one, does not name other classes than the model, or the same in another
    /// order: what compares labels with predictions compares their numbers.
    /// </summary>
    /// <param name="schema">The schema of the data.</param>
    /// <param name="name">The label column's name.</param>
    /// <param name="keys">The model's class names, if it has any.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does.</exception>
    public static void CheckNames(DataViewSchema schema, string name, ClassValues? keys)
    {
        if (schema.GetColumnOrNull(name) is { Type: KeyDataViewType { Count: > 0 and <= ClassValues.Most } type } label)
        {
            CheckNames(label, (int)type.Count, keys?.Names ?? []);
        }
    }

    /// <summary>Checks that labels do not name other classes than the model, or the same in another order.</summary>
    /// <param name="label">The label column.</param>
    /// <param name="count">The number of its classes.</param>
    /// <param name="names">The model's class names; empty where it has none.</param>
    /// <exception cref="ArgumentOutOfRangeException">They do.</exception>
    public static void CheckNames(DataViewSchema.Column label, int count, IReadOnlyList<string> names)
    {
        if (names.Count == 0 || ClassValues.Of(label, count) is not { } found || found.Names.SequenceEqual(names))
        {
            return;
        }

        var place = found.Names.Zip(names).TakeWhile(pair => pair.First == pair.Second).Count();
        var (theirs, ours) = (found.Names.ElementAtOrDefault(place), names.ElementAtOrDefault(place));
        throw UserFault.Of(new ArgumentOutOfRangeException(
            paramName: null,
            $"Label column '{label.Name}' has {(theirs is null ? "no more classes" : $"class '{theirs}'")} where the model has "
            + $"{(ours is null ? "none" : $"'{ours}'")}. Classes are told apart by number: map the labels of all data by the same fitted "
            + $"MapValueToKey; LoadImageFolder takes the {nameof(ImageFolder.ClassNames)} of the training folder."));
    }

    private static ArgumentOutOfRangeException Missing(string role, string name, SchemaShape schema) =>
        UserFault.MissingColumn(role, name, schema.Select(column => column.Name), StepFor(role, name, schema));

    // What LoadImageFolder gives are paths, and no images yet.
    private static string StepFor(string role, string name, SchemaShape schema)
    {
        const string step = "the step that makes it";
        return role switch
        {
            "label" => $"{step}: Transforms.Conversion.MapValueToKey(\"{name}\", …) of the column that holds the classes",
            "feature" when schema.Where(column => column.ItemType is ImageDataViewType).ToList() is [var image, ..] =>
                $"{step}. '{image.Name}' holds images: call it '{name}' where it is made, as by LoadImageFiles(\"{name}\", …), or set "
                    + $"{nameof(NoPropOptions.FeatureColumnName)} to \"{image.Name}\"",
            "feature" when SchemaShapes.Find(schema, nameof(ImageRow.ImagePath)) is { } path && IsText(path) =>
                $"{step}: Transforms.LoadImageFiles(\"{name}\", width, height) reads the files of '{nameof(ImageRow.ImagePath)}'. If it is "
                    + "there, remove the ML.NET cache behind it, which drops images; NoProp keeps them in memory by itself",
            "feature" when schema.Any(column => column is { Kind: VectorKind.Scalar, IsKey: false, ItemType: NumberDataViewType }) =>
                $"{step}: Transforms.Concatenate(\"{name}\", …) of all columns that are features",
            _ => step,
        };
    }

    private static string LabelCure(string name, SchemaShape.Column column) =>
        column is { Kind: VectorKind.Scalar, IsKey: true }
            ? ". Declare it as uint with [KeyType], or turn it into values and back by MapKeyToValue and MapValueToKey"
            : column is { Kind: VectorKind.Scalar } ? $". Add Transforms.Conversion.MapValueToKey(\"{name}\") before the trainer"
            : string.Empty;

    private static bool IsText(SchemaShape.Column column) => column is { Kind: VectorKind.Scalar, ItemType: TextDataViewType };

    private static bool IsPixel(DataViewType type) => type.RawType == typeof(float) || type.RawType == typeof(byte);

    // What makes of the column what is expected, where one transform does.
    private static string Cure(string name, SchemaShape.Column column)
    {
        var isNumber = !column.IsKey && column.ItemType is NumberDataViewType or BooleanDataViewType;
        var converted = IsPixel(column.ItemType) ? string.Empty : $"Conversion.ConvertType(\"{name}\", outputKind: DataKind.Single)";
        return IsText(column)
            ? $". If it holds paths of images, add Transforms.LoadImageFiles(\"Features\", width, height, \"{name}\"); if words, "
                + "Transforms.Categorical.OneHotEncoding"
            : !isNumber ? string.Empty
            : column.Kind != VectorKind.Scalar ? $". Add Transforms.{converted}"
            : $". Add {(converted.Length == 0 ? string.Empty : $"Transforms.{converted} and ")}Transforms.Concatenate(\"{name}\", …) of "
                + "all columns that are features";
    }

    // MapValueToKey makes a key of one value of data without rows, and of rows without labels.
    private static string TooFewClasses(IDataView data, DataViewSchema.Column label)
    {
        using var cursor = FaultyRow.Outside(() => data.GetRowCursor([label]), label);
        var key = cursor.GetGetter<uint>(label);
        var (rows, hasLabel) = (0L, false);
        for (uint value = 0; !hasLabel && FaultyRow.Outside(cursor.MoveNext, label); rows++)
        {
            key(ref value);
            hasLabel = value > 0;
        }

        return (rows, hasLabel) switch
        {
            (0, _) =>
                $"The data has no rows, and so no classes in label column '{label.Name}'. Check the path, folder or filter that it comes "
                    + "from.",
            (_, false) =>
                $"None of the {rows} rows has a label in column '{label.Name}'. Check which column of the data the labels are in, and the "
                    + "separator if it comes from a text file.",
            _ =>
                $"Only one class was found in label column '{label.Name}', but a classifier needs two or more. Check the labels, and that "
                    + "MapValueToKey saw all of them.",
        };
    }
}
