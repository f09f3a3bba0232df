using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>Tells data in memory or in a file from data that comes as it is read and may be used up by that, such as a queue.</summary>
internal static class DataAtRest
{
    /// <summary>Returns whether reading data takes nothing away, and never waits for rows that may not come.</summary>
    /// <param name="data">The data, with ML.NET's transforms over it or not.</param>
    public static bool Is(IDataView data) =>
        Source(data) is var source // a collection, a file, or a cache that is full or over one of these
        && (source.GetRowCount() is not null || source is ILegacyDataLoader || (source is CacheDataView cache && Is(Below(cache))));

    /// <summary>
    /// Returns rows of a list, which can be read in random order: those of <c>LoadFromEnumerable</c> have the order of the list alone.
    /// </summary>
    /// <param name="environment">The environment of <c>mlContext</c>.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="schema">Their columns.</param>
    public static IDataView Of<T>(IHostEnvironment environment, IList<T> rows, SchemaDefinition schema)
        where T : class => DataViewConstructionUtils.CreateFromList(environment, rows, schema);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_subsetInput")]
    private static extern ref IDataView Below(CacheDataView cache);

    /// <summary>Returns the data below ML.NET's transforms.</summary>
    /// <param name="data">The data.</param>
    public static IDataView Source(IDataView data) => data is IDataTransform transform ? Source(transform.Source) : data;
}
