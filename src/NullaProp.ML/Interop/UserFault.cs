using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>Exceptions with the mark by which ML.NET knows a fault of the user's from a fault of its own.</summary>
internal static class UserFault
{
    /// <summary>Returns the exception, marked.</summary>
    /// <param name="exception">The exception.</param>
    public static T Of<T>(T exception)
        where T : Exception => Contracts.Process(exception);

    /// <summary>Returns an exception for a column that is not there, as ML.NET's own begin, with the columns that are.</summary>
    /// <param name="role">What the column is for, in lower case.</param>
    /// <param name="name">Its name.</param>
    /// <param name="columns">The names of the columns of the data.</param>
    /// <param name="step">What could be added.</param>
    public static ArgumentOutOfRangeException MissingColumn(
        string role, string name, IEnumerable<string> columns, string step = "the step that makes it")
    {
        string[] names = [.. columns.Distinct()];
        var found = names.Length == 0 ? "has no columns" : $"has {NameList.Quoted(names)}";
        return Of(new ArgumentOutOfRangeException(
            paramName: null, $"Could not find {role} column '{name}': the data {found}. Name the column, or add {step}."));
    }

    /// <summary>Returns ML.NET's exception for a column of the wrong type.</summary>
    /// <param name="role">What the column is for, in lower case.</param>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The types that would do.</param>
    /// <param name="found">The type found.</param>
    public static Exception WrongType(string role, string name, string expected, string found) =>
        Contracts.ExceptSchemaMismatch("inputSchema", role, name, expected, found);
}
