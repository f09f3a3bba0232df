using System.Runtime.InteropServices;

namespace NullaProp.ML.Interop;

/// <summary>
/// Lets the threads of libtorch on Linux wait for each other in a busy loop for some microseconds only, and sleep then. GNU OpenMP, which
/// libtorch brings, has them spin for milliseconds: on a machine with other work they take each other's processors, and a training takes
/// several times as long (docs/photos.md). It reads its environment while it is loaded, and never again.
/// </summary>
internal static class BriefWaiting
{
    /// <summary>The variable that says how often a waiting thread looks before it sleeps.</summary>
    public const string Variable = "GOMP_SPINCOUNT";

    private const string Policy = "OMP_WAIT_POLICY"; // the standard's, which says how to wait, too
    private const string Spins = "3000";

    /// <summary>Loads libtorch; what the environment says of waiting counts, and is as it was afterwards.</summary>
    /// <typeparam name="T">What loading gives.</typeparam>
    /// <param name="load">Loads it.</param>
    public static T While<T>(Func<T> load)
    {
        if (!OperatingSystem.IsLinux() || IsSaid(Variable) || IsSaid(Policy))
        {
            return load();
        }

        // .NET's own variables are a copy, which native code does not see.
        _ = SetNative(Variable, Spins, overwrite: 0);
        try
        {
            return load();
        }
        finally
        {
            _ = UnsetNative(Variable);
        }
    }

    private static bool IsSaid(string variable) => Environment.GetEnvironmentVariable(variable) is not null;

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNative(string name, string value, int overwrite);

    [DllImport("libc", EntryPoint = "unsetenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int UnsetNative(string name);
}
