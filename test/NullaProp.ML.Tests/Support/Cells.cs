using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>
/// Reads values of any type out of rows and annotations, in a form that can be compared: a list of items, text as strings.
/// </summary>
internal static class Cells
{
    /// <summary>Returns a reader of a column that follows the row.</summary>
    public static Func<object[]> Reader(DataViewRow row, DataViewSchema.Column column) =>
        Call<Func<object[]>>(nameof(RowReader), column.Type, row, column);

    /// <summary>Returns the items of an annotation.</summary>
    public static object[] Annotation(DataViewSchema.Column column, string kind) =>
        Call<object[]>(nameof(AnnotationItems), column.Annotations.Schema[kind].Type, column, kind);

    /// <summary>Returns all values of a column.</summary>
    public static List<object[]> Column(IDataView data, string name)
    {
        var column = data.Schema[name];
        var values = new List<object[]>();
        using var cursor = data.GetRowCursor([column]);
        var read = Reader(cursor, column);
        while (cursor.MoveNext())
        {
            values.Add(read());
        }

        return values;
    }

    /// <summary>Fails unless two values are equal: exactly, or single-precision numbers within a distance.</summary>
    public static void AssertSame(object[] expected, object[] actual, float delta, string where)
    {
        Assert.HasCount(expected.Length, actual, where);
        foreach (var (one, other) in expected.Zip(actual))
        {
            if (one is float number)
            {
                Assert.AreEqual(number, (float)other, delta, where);
            }
            else
            {
                Assert.AreEqual(one, other, where);
            }
        }
    }

    private static T Call<T>(string method, DataViewType type, params object[] arguments) =>
        (T)typeof(Cells).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type.RawType)
            .Invoke(null, arguments)!;

    private static Func<object[]> RowReader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return Items(value!);
        };
    }

    private static object[] AnnotationItems<T>(DataViewSchema.Column column, string kind)
    {
        T value = default!;
        column.Annotations.GetValue(kind, ref value);
        return Items(value!);
    }

    private static object[] Items(object value) => value switch
    {
        ReadOnlyMemory<char> text => [text.ToString()],
        VBuffer<ReadOnlyMemory<char>> texts => [.. texts.DenseValues().Select(text => text.ToString())],
        _ when value.GetType().IsGenericType =>
            (object[])typeof(Cells).GetMethod(nameof(Dense), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(value.GetType().GetGenericArguments()).Invoke(null, [value])!,
        _ => [value],
    };

    private static object[] Dense<T>(VBuffer<T> vector) => [.. vector.DenseValues().Cast<object>()];
}
