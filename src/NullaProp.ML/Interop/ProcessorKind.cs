using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace NullaProp.ML.Interop;

/// <summary>
/// What kind of processor this is. Libraries of linear algebra choose their loops by it, and so the order in which they add: another kind
/// gives other last bits.
/// </summary>
internal static class ProcessorKind
{
    /// <summary>Gets its maker, family and widest vectors, as <c>AuthenticAMD family 26 with 512-bit vectors</c>.</summary>
    public static string Name { get; } = $"{Family()} with {VectorBits}-bit vectors";

    // What the processor has: .NET's own preference leaves the widest of some unused, which libraries of linear algebra do not.
    private static int VectorBits => Avx512F.IsSupported ? 512 : Avx.IsSupported ? 256 : 128;

    private static string Family()
    {
        if (!X86Base.IsSupported)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var (_, first, third, second) = X86Base.CpuId(0, 0); // the maker's name, in the order of EBX, EDX, ECX
        Span<byte> maker = stackalloc byte[3 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(maker, first);
        BinaryPrimitives.WriteInt32LittleEndian(maker[sizeof(int)..], second);
        BinaryPrimitives.WriteInt32LittleEndian(maker[(2 * sizeof(int))..], third);
        var signature = X86Base.CpuId(1, 0).Eax;
        var family = (signature >> 8) & 0xF;
        return $"{Encoding.ASCII.GetString(maker)} family {(family == 0xF ? family + ((signature >> 20) & 0xFF) : family)}";
    }
}
