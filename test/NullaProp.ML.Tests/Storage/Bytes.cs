using System.Buffers.Binary;
using System.Text;

namespace NullaProp.ML.Tests.Storage;

/// <summary>Files put together by hand, right or wrong.</summary>
internal static class Bytes
{
    /// <summary>Returns a safetensors file of that header and data.</summary>
    public static byte[] File(string header, params byte[] data) => File(Encoding.UTF8.GetBytes(header), data);

    /// <summary>Returns a safetensors file of that header and data.</summary>
    public static byte[] File(byte[] header, params byte[] data) => [.. Prefix((ulong)header.Length), .. header, .. data];

    /// <summary>Returns the 8 bytes in front of a header of that length.</summary>
    public static byte[] Prefix(ulong length)
    {
        var prefix = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        return prefix;
    }
}
