using System.Runtime.InteropServices;

namespace NullaProp.ML.Training;

/// <summary>
/// While it lives, the process keeps the memory that a step of training frees, which the next step takes again. Otherwise the C library of
/// Linux hands large pieces back to the system after every step, and the system fills them with zeros: a fifth of the time on most
/// machines, two thirds on virtual ones that hand them further back to their host. At the end of the last one all that is free goes back.
/// </summary>
/// <remarks>
/// The thresholds are the process's. Where its environment names them they stay as they are; else they are afterwards what glibc raises
/// them to by itself where large pieces come and go.
/// </remarks>
internal sealed class KeptMemory : IDisposable
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    private const int MapThreshold = -3;
    private const int HighestMapThreshold = 32 * 1024 * 1024; // DEFAULT_MMAP_THRESHOLD_MAX of malloc.c; it trims at twice that

    private static readonly string[] Settings = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"];
    private static readonly Lock Turn = new();
    private static int _living;

    /// <summary>Keeps it, on Linux with the GNU C library.</summary>
    public KeptMemory()
    {
        lock (Turn)
        {
            if (_living++ == 0)
            {
                Choose(trim: int.MaxValue, map: int.MaxValue);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Turn)
        {
            if (--_living == 0 && Choose(trim: 2 * HighestMapThreshold, map: HighestMapThreshold))
            {
                _ = Trim(0);
            }
        }
    }

    private static bool Choose(int trim, int map)
    {
        if (!OperatingSystem.IsLinux() || Settings.Any(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            return false;
        }

        try
        {
            return (SetOption(TrimThreshold, trim) & SetOption(MapThreshold, map)) == 1;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return false; // another C library, which has no such thing: slower, and nothing else
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int option, int value);

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint kept);
}
