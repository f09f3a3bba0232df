using System.Buffers.Binary;
using System.Security.Cryptography;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>The SHA-256 of rows in the order in which they are read, to know the same data again.</summary>
internal sealed class RowHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds a row.</summary>
    /// <param name="pixels">Its pixels, as they are kept.</param>
    /// <param name="row">Its label and weight.</param>
    public void Add(ReadOnlySpan<byte> pixels, LabelledRow row)
    {
        Span<byte> rest = stackalloc byte[sizeof(int) + sizeof(float)];
        BinaryPrimitives.WriteInt32LittleEndian(rest, row.Label);
        BinaryPrimitives.WriteSingleLittleEndian(rest[sizeof(int)..], row.Weight);
        _hash.AppendData(pixels);
        _hash.AppendData(rest);
    }

    /// <summary>Returns the hash, 64 hexadecimal digits.</summary>
    public string Text() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
