using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NullaProp.ML.Randomness;

/// <summary>
/// All random numbers that follow from a seed, as streams by name and position. The key of a stream is the first 8 bytes, little-endian, of
/// the SHA-256 of the seed (4 bytes, little-endian) and its name (UTF-8); the counter of <see cref="Philox"/> is (index, step, epoch) of
/// 64, 32 and 32 bits.
/// </summary>
/// <remarks>
/// Who draws has a name of its own, so that no two share a number, and what one draws never depends on what others drew before: a weight of
/// block 7 needs no other block, and a place in a training is two whole numbers. A training that goes on from a model draws under other
/// names than the one that made the model (<see cref="After"/>).
/// </remarks>
/// <param name="seed">The seed.</param>
/// <threadsafety>Any number of threads may ask for streams.</threadsafety>
internal sealed class RandomStreams(int seed)
{
    /// <summary>Gets who hears of every stream asked for: its name, epoch and step.</summary>
    public Action<string, int, int>? Asked { get; init; }

    private string Prefix { get; init; } = string.Empty;

    /// <summary>Returns the streams of what follows something else of the same seed: none of its numbers comes again.</summary>
    /// <param name="start">What it follows, in a word that no other has.</param>
    public RandomStreams After(string start) => new(seed) { Asked = Asked, Prefix = $"{Prefix}after {start}/" };

    /// <summary>Returns a stream at its beginning.</summary>
    /// <param name="name">Who draws, such as <c>weights/head.output.weight</c>.</param>
    /// <param name="epoch">The epoch; 0 where the draw belongs to none.</param>
    /// <param name="step">The step in the epoch, from 0.</param>
    public RandomStream Of(string name, int epoch = 0, int step = 0)
    {
        Asked?.Invoke(Prefix + name, epoch, step);
        return new RandomStream(Key(name), epoch, step);
    }

    /// <summary>Returns the key of a name.</summary>
    /// <param name="name">The name.</param>
    public ulong Key(string name)
    {
        name = Prefix + name;
        var bytes = new byte[sizeof(int) + Encoding.UTF8.GetByteCount(name)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, seed);
        Encoding.UTF8.GetBytes(name, bytes.AsSpan(sizeof(int)));
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes));
    }
}
