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
