using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Interop;

/// <summary>Finds out whether libtorch is there and on which device to work, before anything native is called.</summary>
internal static class TorchBackend
{
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
            throw Marked.Exception(new InvalidOperationException(
                $"MLContext.GpuDeviceId is {id}, but {found}. Set GpuDeviceId to null for the CPU, set MLContext.FallbackToCpu to true, " +
                "or reference the package TorchSharp-cuda-linux or TorchSharp-cuda-windows on a machine with a CUDA driver."));
        }

        warn($"MLContext.GpuDeviceId is {id}, but {found}: working on the CPU, as FallbackToCpu allows.");
        return CPU;
    }

    /// <summary>Chooses the device in the same way; where that is the CPU, libtorch is looked for only when the device is first asked for.</summary>
    /// <param name="environment">The context's environment.</param>
    /// <param name="warn">Hears of the CPU standing in for a GPU.</param>
    /// <exception cref="InvalidOperationException">libtorch is missing, or the GPU is and <c>FallbackToCpu</c> is false: for a GPU at once, for the CPU from the result's value.</exception>
    public static Lazy<Device> DeviceOnceNeeded(IHostEnvironment environment, Action<string> warn) =>
        HostEnvironment.GpuDeviceId(environment) is null
            ? new Lazy<Device>(() => DeviceOf(environment, warn))
            : new Lazy<Device>(DeviceOf(environment, warn));

    /// <summary>Checks that the native library can be loaded.</summary>
    /// <exception cref="InvalidOperationException">It cannot.</exception>
    private static void CheckNativeLibrary()
    {
        if (!TryLoad())
        {
            throw Marked.Exception(new InvalidOperationException(
                $"The native library of TorchSharp could not be loaded. Reference one backend package in the application: {CpuPackage()}, " +
                "or for a GPU TorchSharp-cuda-linux or TorchSharp-cuda-windows, in the version that belongs to TorchSharp " +
                $"{typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}."));
        }
    }

    private static bool TryLoad() =>
        NativeLibrary.TryLoad("LibTorchSharp", typeof(torch).Assembly, DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory, out _);

    private static string CpuPackage() =>
        OperatingSystem.IsWindows() ? "libtorch-cpu-win-x64" : OperatingSystem.IsMacOS() ? "libtorch-cpu-osx-arm64" : "libtorch-cpu-linux-x64";
}
