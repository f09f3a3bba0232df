using System.Buffers.Binary;

namespace NullaProp.ML.Onnx;

/// <summary>Reads the fields of a message of protocol buffers one by one. Nothing in it is trusted.</summary>
/// <param name="message">The message.</param>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Gets the number of the field read last.</summary>
    public int Field { get; private set; }

    /// <summary>Gets how its value was written.</summary>
    public WireType Type { get; private set; }

    /// <summary>Gets its value where that is a number; the bits of one of four or eight bytes.</summary>
    public ulong Number { get; private set; }

    /// <summary>Gets its value where that is a text, bytes, a message or several numbers.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Reads the next field.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FormatException">The message ends within a field, or a field is of no known kind.</exception>
    public bool Read()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint(ref _rest);
        (Field, Type, Number) = ((int)(tag >> 3), (WireType)(tag & 7), 0);
        Bytes = default;
        switch (Type)
        {
            case WireType.Varint:
                Number = Varint(ref _rest);
                break;
            case WireType.LengthDelimited:
                Bytes = Take(Varint(ref _rest));
                break;
            case WireType.Fixed32:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
                break;
            case WireType.Fixed64:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
                break;
            default:
                throw new FormatException($"The field {Field} is of the unknown kind {(int)Type}.");
        }

        return true;
    }

    /// <summary>
    /// Adds the whole numbers of a repeated field to a list: this field may hold one of them, or several one behind the other.
    /// </summary>
    /// <param name="values">The list.</param>
    /// <exception cref="FormatException">The field ends within a number.</exception>
    public readonly void AddNumbersTo(List<long> values)
    {
        if (Type == WireType.Varint)
        {
            values.Add((long)Number);
            return;
        }

        for (var rest = Bytes; !rest.IsEmpty;)
        {
            values.Add((long)Varint(ref rest));
        }
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw new FormatException($"The field {Field} needs {length} bytes, but only {_rest.Length} are left.");
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> rest)
    {
        const int longest = 10;
        var value = 0UL;
        for (var i = 0; i < Math.Min(longest, rest.Length); i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        throw new FormatException("A number does not end.");
    }
}
