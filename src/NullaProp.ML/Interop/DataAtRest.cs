using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Interop;

/// <summary>Tells data in memory or in a file from data that comes as it is read and may be used up by that, such as a queue.</summary>
internal static class DataAtRest
{
    /// <summary>Returns whether reading data takes nothing away, and never waits for rows that may not come.</summary>
    /// <param name="data">The data, with ML.NET's transforms over it or not.</param>
    public static bool Is(IDataView data) =>
        Source(data) is var source
        && (source.GetRowCount() is not null || source.CanShuffle || source is ILegacyDataLoader); // a collection, a cache, or a file

    /// <summary>Returns the data below ML.NET's transforms.</summary>
    /// <param name="data">The data.</param>
    public static IDataView Source(IDataView data) => data is IDataTransform transform ? Source(transform.Source) : data;
}
