using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>Exceptions with the mark by which ML.NET knows a fault of the user's from a fault of its own.</summary>
internal static class Marked
{
    /// <summary>Returns the exception, marked.</summary>
    /// <param name="exception">The exception.</param>
    public static T Exception<T>(T exception)
        where T : Exception => Contracts.Process(exception);

    /// <summary>Returns ML.NET's exception for a column that is not there.</summary>
    /// <param name="role">What the column is for, in lower case.</param>
    /// <param name="name">Its name.</param>
    public static Exception MissingColumn(string role, string name) => Contracts.ExceptSchemaMismatch("inputSchema", role, name);

    /// <summary>Returns ML.NET's exception for a column of the wrong type.</summary>
    /// <param name="role">What the column is for, in lower case.</param>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The types that would do.</param>
    /// <param name="found">The type found.</param>
    public static Exception WrongType(string role, string name, string expected, string found) =>
        Contracts.ExceptSchemaMismatch("inputSchema", role, name, expected, found);
}
