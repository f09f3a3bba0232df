using System.Runtime.InteropServices;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// Lets this process keep the memory that a step of training frees, which the next one takes again. Otherwise the C library of Linux hands
/// large pieces back to the system after every step, and the system fills them with zeros: a fifth of the time, and most of what two
/// trainings on one machine wait for each other. For a program that trains and ends; a library must not choose this for its host.
/// </summary>
internal static class KeptMemory
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    private const int MapThreshold = -3;

    private static readonly string[] Commands = ["quickstart", "train", "blocks"];

    /// <summary>
    /// Keeps it where the arguments name a command that trains, or none, which does so too, on Linux with the GNU C library.
    /// </summary>
    /// <param name="arguments">The program's.</param>
    public static void ForTraining(string[] arguments)
    {
        var isTraining = arguments is [] || arguments[0].StartsWith('-') || Commands.Contains(arguments[0]);
        if (!OperatingSystem.IsLinux() || !isTraining)
            return;
        try
        {
            _ = Choose(TrimThreshold, int.MaxValue);
            _ = Choose(MapThreshold, int.MaxValue);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library, which has no such thing: slower, and nothing else.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Choose(int parameter, int value);
}
