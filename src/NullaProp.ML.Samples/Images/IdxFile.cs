using System.Buffers.Binary;
using System.IO.Compression;

namespace NullaProp.ML.Samples.Images;

/// <summary>Reads a gzipped IDX file of bytes, the format in which MNIST and its relatives are published.</summary>
internal sealed record IdxFile(IReadOnlyList<int> Dimensions, byte[] Values)
{
    private const byte UnsignedByte = 0x08;

    /// <exception cref="InvalidDataException">The file is not a gzipped IDX file of bytes.</exception>
    public static IdxFile Read(string path)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);

        // Two zero bytes, the type of the values, the number of dimensions; then each dimension, big-endian; then the values.
        Span<byte> start = stackalloc byte[4];
        file.ReadExactly(start);
        if (start[0] != 0 || start[1] != 0 || start[2] != UnsignedByte)
            throw new InvalidDataException($"'{path}' is not an IDX file of bytes.");

        var dimensions = new int[start[3]];
        Span<byte> dimension = stackalloc byte[sizeof(int)];
        for (var i = 0; i < dimensions.Length; i++)
        {
            file.ReadExactly(dimension);
            dimensions[i] = BinaryPrimitives.ReadInt32BigEndian(dimension);
        }

        var values = new byte[dimensions.Aggregate(1, (product, size) => checked(product * size))];
        file.ReadExactly(values);
        return new IdxFile(dimensions, values);
    }
}
