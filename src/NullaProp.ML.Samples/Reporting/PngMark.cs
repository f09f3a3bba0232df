using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A text in a PNG file by which a chart of this program is told from pictures that others made: the chunk <c>tEXt</c>.</summary>
internal static class PngMark
{
    /// <summary>The place of the chunk: after the signature and the header, which have 8 and 25 bytes.</summary>
    public const int Place = 33;

    /// <summary>The chunk without its check sum, each character a byte: the length of its data, its type, keyword and text.</summary>
    public const string Text = "\0\0\0\u0015tEXtSoftware\0NullaProp.ML";

    private const int LengthBytes = 4; // which the check sum leaves out

    /// <summary>Writes a PNG file with the mark.</summary>
    /// <param name="png">The file without it.</param>
    /// <param name="output">Where to.</param>
    public static void Write(ReadOnlySpan<byte> png, Stream output)
    {
        var chunk = Encoding.Latin1.GetBytes(Text);
        Span<byte> sum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc32.HashToUInt32(chunk.AsSpan(LengthBytes)));
        output.Write(png[..Place]);
        output.Write(chunk);
        output.Write(sum);
        output.Write(png[Place..]);
    }
}
