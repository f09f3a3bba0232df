using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Interop;

/// <summary>Finds out whether libtorch is there and on which device to work, before anything native is called.</summary>
internal static class TorchBackend
{
    private static readonly Lazy<bool> Present = new(static () => NativeLoader.OfProcess.Load() is null);

    /// <summary>Gets a value indicating whether libtorch can be used; found out once.</summary>
    public static bool IsPresent => Present.Value;

    /// <summary>Chooses the device as ML.NET does: the GPU of the context's <c>GpuDeviceId</c>, or the CPU where none is set.</summary>
    /// <param name="environment">The context's environment.</param>
    /// <param name="warn">Hears of the CPU standing in for a GPU.</param>
    /// <exception cref="InvalidOperationException">libtorch is missing, or the GPU is and <c>FallbackToCpu</c> is false.</exception>
    public static Device DeviceOf(IHostEnvironment environment, Action<string> warn)
    {
        CheckNativeLibrary();
        if (HostEnvironment.GpuDeviceId(environment) is not { } id)
        {
            return CPU;
        }

        var gpus = TryInitializeDeviceType(DeviceType.CUDA) ? cuda.device_count() : 0;
        if (id >= 0 && id < gpus)
        {
            return new Device(DeviceType.CUDA, id);
        }

        var found = gpus == 0 ? "no CUDA GPU was found" : $"the GPUs found are 0 to {gpus - 1}";
        if (!HostEnvironment.FallsBackToCpu(environment))
        {
            throw UserFault.Of(new InvalidOperationException(
                $"MLContext.GpuDeviceId is {id}, but {found}. Set GpuDeviceId to null for the CPU, set MLContext.FallbackToCpu to true, " +
                "or reference the package TorchSharp-cuda-linux or TorchSharp-cuda-windows on a machine with a CUDA driver."));
        }

        warn($"MLContext.GpuDeviceId is {id}, but {found}: working on the CPU, as FallbackToCpu allows.");
        return CPU;
    }

    /// <summary>
    /// Chooses the device in the same way; where that is the CPU, libtorch is looked for only when the device is first asked for.
    /// </summary>
    /// <param name="environment">The context's environment.</param>
    /// <param name="warn">Hears of the CPU standing in for a GPU.</param>
    /// <exception cref="InvalidOperationException">
    /// libtorch is missing, or the GPU is and <c>FallbackToCpu</c> is false: for a GPU at once, for the CPU from the result's value.
    /// </exception>
    public static Lazy<Device> DeviceOnceNeeded(IHostEnvironment environment, Action<string> warn) =>
        HostEnvironment.GpuDeviceId(environment) is null
            ? new Lazy<Device>(() => DeviceOf(environment, warn))
            : new Lazy<Device>(DeviceOf(environment, warn));

    /// <summary>
    /// Returns a sentence about why libtorch cannot be used and what cures that, or <see langword="null"/> where it can be.
    /// </summary>
    /// <param name="loader">What tries to load it.</param>
    internal static string? Fault(NativeLoader loader)
    {
        if (loader.Load() is not { } fault)
        {
            return null;
        }

        // The search by name tells of every place where nothing is; a file that is there tells why it does not load.
        var found = loader
            .Files()
            .Select(path => (Path: path, Fault: loader.LoadFile(path)))
            .FirstOrDefault(file => file.Fault is not null);
        return found.Fault is null
            ? Sentence(Package, $"{NativeLoader.FileName} was not found ({LastLine(fault)})")
            : Sentence(Cure(found.Path, found.Fault), $"{found.Path} does not load: {LastLine(found.Fault)}");
    }

    private static void CheckNativeLibrary()
    {
        if (!IsPresent && Fault(NativeLoader.OfProcess) is { } sentence) // once loaded, it is not looked for again
        {
            throw UserFault.Of(new InvalidOperationException(sentence));
        }
    }

    private static string Sentence(string cure, string reason) =>
        $"The native library of TorchSharp could not be loaded. {cure} The loader's reason: {reason}.";

    private static string Cure(string path, Exception fault)
    {
        var reason = LastLine(fault);
        return Says(reason, "GLIBCXX", "GLIBC_")
            ? "The system's C or C++ library is older than the file asks for. Reference NullaProp.ML as a package, whose build adapts the "
              + "file, or import its buildTransitive/NullaProp.ML.targets beside a project reference; or update libstdc++."
            : fault is BadImageFormatException
                || Says(reason, "wrong ELF class", "invalid ELF header", "file too short", "architecture", $"{path}: cannot open")
            ? "The file is damaged, or made for another system or processor than this process's, "
                + $"{RuntimeInformation.RuntimeIdentifier}. {Package}"
            : !reason.Contains("cannot open shared object", StringComparison.Ordinal) || Says(reason, "torch", "libc10", "libgomp-")
            ? Package
            : "It needs a library that this system lacks: install the one that the reason names with the system's package manager.";
    }

    private static bool Says(string reason, params string[] words) =>
        words.Any(word => reason.Contains(word, StringComparison.OrdinalIgnoreCase));

    // What stands before it is the runtime's advice to trace the loader.
    private static string LastLine(Exception fault) =>
        fault.Message
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(string.Empty)
            .TrimEnd('.');

    private static string Package =>
        $"Reference one backend package in the application: {CpuPackage()} {Version("LibtorchVersion")}, " +
        $"or for a GPU TorchSharp-cuda-linux or TorchSharp-cuda-windows {Version("TorchSharpVersion")}. Where the project is: " +
        $"dotnet add package {CpuPackage()} --version {Version("LibtorchVersion")}.";

    // As this library was built with.
    private static string Version(string name) =>
        typeof(TorchBackend).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == name).Value!;

    private static string CpuPackage() =>
        OperatingSystem.IsWindows()
            ? "libtorch-cpu-win-x64"
            : OperatingSystem.IsMacOS() ? "libtorch-cpu-osx-arm64" : "libtorch-cpu-linux-x64";
}

/// <summary>What loads TorchSharp's native library; each returns what went wrong, or <see langword="null"/>.</summary>
/// <param name="Load">Loads it as TorchSharp does.</param>
/// <param name="Files">Returns the paths at which there is such a file.</param>
/// <param name="LoadFile">Loads one of them.</param>
internal sealed record NativeLoader(Func<Exception?> Load, Func<IEnumerable<string>> Files, Func<string, Exception?> LoadFile)
{
    /// <summary>Gets the loader of this process.</summary>
    public static NativeLoader OfProcess { get; } = new(
        () => BriefWaiting.While(() => FaultOf(() => NativeLibrary.Load(
            "LibTorchSharp",
            typeof(torch).Assembly,
            DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory))),
        () => Folders().Select(folder => Path.Combine(folder, FileName)).Where(File.Exists),
        path => FaultOf(() => NativeLibrary.Load(path)));

    /// <summary>Gets the name of the file on this system.</summary>
    public static string FileName =>
        OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    private static Exception? FaultOf(Func<nint> load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception fault) when (fault is DllNotFoundException or BadImageFormatException)
        {
            return fault;
        }
    }

    private static IEnumerable<string> Folders()
    {
        var searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? string.Empty; // those of the application's packages
        return searched.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"));
    }
}
