using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>
/// The checks of ML.NET's test framework that two data views are the same: CheckSameSchemas and CheckSameValues, on public types.
/// </summary>
internal static class SameData
{
    private const string UnknownKind = "PurpleDragonScales";
    private const float Delta = 1e-6f; // ML.NET's own for single precision

    /// <summary>Fails unless the schemas are equal in columns, order, types, hiding, and kinds and values of all annotations.</summary>
    public static void AssertSchemas(DataViewSchema expected, DataViewSchema actual)
    {
        Assert.HasCount(expected.Count, actual);
        foreach (var (one, other) in expected.Zip(actual))
        {
            AssertColumns(one, other);
            Assert.AreEqual(expected[one.Name].Index, actual[one.Name].Index, $"which of the columns '{one.Name}' is found by name");
        }
    }

    /// <summary>
    /// Fails unless the rows are equal, read in four ways: all columns, every second, the others, and by a cursor for each column.
    /// </summary>
    public static void AssertValues(IDataView expected, IDataView actual)
    {
        AssertRows(expected, actual, _ => true);
        AssertRows(expected, actual, index => index % 2 == 0);
        AssertRows(expected, actual, index => index % 2 == 1);
        AssertByColumn(expected, actual);
    }

    private static void AssertColumns(DataViewSchema.Column expected, DataViewSchema.Column actual)
    {
        Assert.AreEqual(expected.Name, actual.Name);
        Assert.AreEqual(expected.Type, actual.Type, expected.Name);
        Assert.AreEqual(expected.IsHidden, actual.IsHidden, expected.Name);
        var kinds = expected.Annotations.Schema.Select(kind => kind.Name).Order().ToList();
        CollectionAssert.AreEqual(kinds, actual.Annotations.Schema.Select(kind => kind.Name).Order().ToList(), expected.Name);
        foreach (var kind in kinds)
        {
            Assert.AreEqual(expected.Annotations.Schema[kind].Type, actual.Annotations.Schema[kind].Type, $"{kind} of {expected.Name}");
            Cells.AssertSame(Cells.Annotation(expected, kind), Cells.Annotation(actual, kind), Delta, $"{kind} of {expected.Name}");
        }

        Assert.ThrowsExactly<InvalidOperationException>(() => ReadUnknown(expected));
        Assert.ThrowsExactly<InvalidOperationException>(() => ReadUnknown(actual));
    }

    private static void ReadUnknown(DataViewSchema.Column column)
    {
        var value = 0;
        column.Annotations.GetValue(UnknownKind, ref value);
    }

    private static void AssertRows(IDataView expected, IDataView actual, Func<int, bool> isActive)
    {
        using var one = expected.GetRowCursor(expected.Schema.Where(column => isActive(column.Index)));
        using var other = actual.GetRowCursor(actual.Schema.Where(column => isActive(column.Index)));
        AssertCursors([(one, other)], expected, actual, index => isActive(index) ? 0 : null);
    }

    private static void AssertByColumn(IDataView expected, IDataView actual)
    {
        var pairs = expected.Schema
            .Select(column => (expected.GetRowCursor([column]), actual.GetRowCursor([actual.Schema[column.Index]])))
            .ToList();

        AssertCursors(pairs, expected, actual, index => index);

        foreach (var (one, other) in pairs)
        {
            one.Dispose();
            other.Dispose();
        }
    }

    // pairOf says which pair of cursors reads a column, or null for none.
    private static void AssertCursors(
        List<(DataViewRowCursor One, DataViewRowCursor Other)> pairs,
        IDataView expected,
        IDataView actual,
        Func<int, int?> pairOf)
    {
        var columns = expected.Schema.Where(column => pairOf(column.Index) is not null).ToList();
        var readers = columns.Select(column => (
            column.Name,
            One: Cells.Reader(pairs[pairOf(column.Index)!.Value].One, column),
            Other: Cells.Reader(pairs[pairOf(column.Index)!.Value].Other, actual.Schema[column.Index]))).ToList();
        foreach (var (one, other) in pairs)
        {
            Assert.AreSame(expected.Schema, one.Schema);
            Assert.AreSame(actual.Schema, other.Schema);
        }

        var seen = new HashSet<DataViewRowId>();
        while (Advance(pairs))
        {
            AssertIds(pairs, seen);
            foreach (var (name, one, other) in readers)
            {
                Cells.AssertSame(one(), other(), Delta, $"{name} in row {pairs[0].One.Position}");
            }
        }
    }

    private static bool Advance(List<(DataViewRowCursor One, DataViewRowCursor Other)> pairs)
    {
        var moved = pairs.SelectMany(pair => new[] { pair.One.MoveNext(), pair.Other.MoveNext() }).Distinct().ToList();
        Assert.HasCount(1, moved, "All cursors must give the same number of rows.");
        Assert.HasCount(1, pairs.SelectMany(pair => new[] { pair.One.Position, pair.Other.Position }).Distinct());
        return moved[0];
    }

    private static void AssertIds(List<(DataViewRowCursor One, DataViewRowCursor Other)> pairs, HashSet<DataViewRowId> seen)
    {
        var ids = pairs.SelectMany(pair => new[] { pair.One, pair.Other }).Select(Id).Distinct().ToList();
        Assert.HasCount(1, ids, "All cursors must give a row the same id.");
        Assert.IsTrue(seen.Add(ids[0]), "An id came twice.");
    }

    private static DataViewRowId Id(DataViewRowCursor cursor)
    {
        DataViewRowId id = default;
        cursor.GetIdGetter()(ref id);
        return id;
    }
}
