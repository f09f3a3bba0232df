using System.Buffers.Binary;

namespace NullaProp.ML.Interop;

/// <summary>
/// ML.NET's own description of a model's input columns, which it reads before any transformer is asked. Of a vector it reads as many
/// dimensions as the file promises, also where the file has ended: with one bit turned, millions, without coming back.
/// </summary>
internal static class SchemaEntry
{
    /// <summary>The name of the entry.</summary>
    public const string Name = "Schema";

    private const int LongestLength = 5; // bytes of a length
    private const int Window = 64 * 1024; // bytes
    private const int Overlap = 4 * 1024; // of two windows: a vector of a thousand dimensions is whole in one of them

    private static ReadOnlySpan<byte> Vector => "\aVBuffer"u8; // the length of the codec's name, and the name

    /// <summary>Returns the first vector of more dimensions than are there; <see langword="null"/> where there is none.</summary>
    /// <param name="entry">The contents of the entry.</param>
    /// <returns>The dimensions that it promises.</returns>
    public static int? MissingDimensions(Stream entry)
    {
        var window = new byte[Window];
        var kept = 0;
        for (int count; (count = entry.ReadAtLeast(window.AsSpan(kept), Window - kept, throwOnEndOfStream: false)) > 0;)
        {
            var seen = window.AsSpan(0, kept + count);
            if (MissingDimensions(seen) is { } promised)
            {
                return promised;
            }

            kept = Math.Min(seen.Length, Overlap);
            seen[^kept..].CopyTo(window);
        }

        return null;
    }

    private static int? MissingDimensions(ReadOnlySpan<byte> entry)
    {
        for (int place; (place = entry.IndexOf(Vector)) >= 0;)
        {
            entry = entry[(place + Vector.Length)..];
            if (Dimensions(entry) is { } found && found.Promised != found.There)
            {
                return found.Promised;
            }
        }

        return null;
    }

    // A codec's name is followed by the length of its parameters: here the codec of the values, with its own, and the dimensions, four
    // bytes each behind their number. Null for a column that is called so, which a name follows and no parameters.
    private static (int Promised, int There)? Dimensions(ReadOnlySpan<byte> codec) =>
        TryTake(ref codec, out var own) && TryTake(ref own, out _) && TryTake(ref own, out _) && own.Length >= sizeof(int)
            ? (BinaryPrimitives.ReadInt32LittleEndian(own), (own.Length / sizeof(int)) - 1)
            : null;

    // A length of seven bits a byte, the lowest first, and as many bytes.
    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> taken)
    {
        var length = 0L;
        for (var i = 0; i < Math.Min(rest.Length, LongestLength); i++)
        {
            length |= (long)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                var isThere = length <= rest.Length - i - 1;
                taken = isThere ? rest.Slice(i + 1, (int)length) : [];
                rest = isThere ? rest[(i + 1 + (int)length)..] : [];
                return isThere;
            }
        }

        taken = [];
        return false;
    }
}
