using System.Buffers.Binary;
using System.Text;

namespace NullaProp.ML.Onnx;

/// <summary>
/// A message of protocol buffers (protobuf.dev, "Encoding") to be written: its fields in the order in which they are added, so that
/// the same fields give the same bytes. Large contents are written when the whole is, and never copied.
/// </summary>
internal sealed class ProtobufMessage
{
    private readonly List<(byte[] Head, Action<Stream>? Body)> _fields = [];

    /// <summary>Gets how many bytes the fields so far take.</summary>
    public long Length { get; private set; }

    /// <summary>Adds a whole number, or a member of an enumeration.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="value">The number.</param>
    public void Number(int field, long value) => Add([.. Tag(field, WireType.Varint), .. Varint((ulong)value)], length: 0, body: null);

    /// <summary>Adds a repeated field of whole numbers.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="values">The numbers.</param>
    public void Numbers(int field, IEnumerable<long> values)
    {
        foreach (var value in values)
        {
            Number(field, value);
        }
    }

    /// <summary>Adds a text.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="value">The text.</param>
    public void Text(int field, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Bytes(field, bytes.Length, stream => stream.Write(bytes));
    }

    /// <summary>Adds a message; what is added to that one later is not part of it.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="message">The message, complete.</param>
    public void Message(int field, ProtobufMessage message) => Bytes(field, message.Length, message.WriteTo);

    /// <summary>Adds bytes.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="length">How many.</param>
    /// <param name="write">Writes exactly so many, each time it is called.</param>
    public void Bytes(int field, long length, Action<Stream> write) =>
        Add([.. Tag(field, WireType.LengthDelimited), .. Varint((ulong)length)], length, write);

    /// <summary>Writes the fields.</summary>
    /// <param name="stream">Where to; it need not seek.</param>
    public void WriteTo(Stream stream)
    {
        foreach (var (head, body) in _fields)
        {
            stream.Write(head);
            body?.Invoke(stream);
        }
    }

    private void Add(byte[] head, long length, Action<Stream>? body)
    {
        _fields.Add((head, body));
        Length += head.Length + length;
    }

    private static IEnumerable<byte> Tag(int field, WireType type) => Varint(((ulong)field << 3) | (ulong)type);

    // Seven bits a byte, the lowest first; the highest bit says that others follow.
    private static IEnumerable<byte> Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }
}

/// <summary>How the value of a field is written.</summary>
internal enum WireType
{
    /// <summary>A whole number of one to ten bytes.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length, and so many bytes.</summary>
    LengthDelimited = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}

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
