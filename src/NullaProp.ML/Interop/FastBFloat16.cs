using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Interop;

/// <summary>Whether a device multiplies bfloat16 faster than single precision, which libtorch does not tell.</summary>
internal static class FastBFloat16
{
    private const int MajorComputeCapability = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    private const int Ampere = 8;
    private const int AmxBFloat16 = 1 << 22; // CPUID leaf 7.0, EDX
    private const int Avx512BFloat16 = 1 << 5; // CPUID leaf 7.1, EAX
    private const int Amd = 0x68747541; // "Auth" of "AuthenticAMD", CPUID leaf 0, EBX

    private delegate int Initialize(uint flags);

    private delegate int GetDevice(out int device, int ordinal);

    private delegate int GetAttribute(out int value, int attribute, int device);

    /// <summary>Returns options in which the numbers of the backbone are chosen.</summary>
    /// <param name="options">The options.</param>
    /// <param name="device">The device to train on.</param>
    public static NoPropOptions Choose(NoPropOptions options, Device device) => options.BackbonePrecision != BackbonePrecision.Automatic
        ? options
        : options with
        {
            BackbonePrecision = options.Backbone.SuitsBFloat16() && IsOn(device) ? BackbonePrecision.BFloat16 : BackbonePrecision.Full,
        };

    private static bool IsOn(Device device) => device.type == DeviceType.CUDA ? ComputeCapability(device.index) >= Ampere : IsOnProcessor();

    // An Intel processor was slower with it than without (docs/performance.md), so those have to have AMX.
    private static bool IsOnProcessor()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }

        return (X86Base.CpuId(7, 0).Edx & AmxBFloat16) != 0
            || (Avx512F.IsSupported && (X86Base.CpuId(7, 1).Eax & Avx512BFloat16) != 0 && X86Base.CpuId(0, 0).Ebx == Amd);
    }

    // The major number, from the CUDA driver; 0 where it cannot be asked.
    private static int ComputeCapability(int ordinal)
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out var driver))
        {
            return 0;
        }

        return Function<Initialize>(driver, "cuInit")(0) == 0
            && Function<GetDevice>(driver, "cuDeviceGet")(out var device, ordinal) == 0
            && Function<GetAttribute>(driver, "cuDeviceGetAttribute")(out var major, MajorComputeCapability, device) == 0
            ? major
            : 0;
    }

    private static T Function<T>(nint library, string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
}
