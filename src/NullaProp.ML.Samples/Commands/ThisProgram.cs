using System.Reflection;

namespace NullaProp.ML.Samples.Commands;

/// <summary>How this program is started again, as a worker.</summary>
internal static class ThisProgram
{
    /// <summary>Gets the file to start, and what stands before a command's own arguments.</summary>
    public static IReadOnlyList<string> Command => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, Assembly.GetEntryAssembly()!.Location]
        : [Environment.ProcessPath!];
}
