using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NullaProp.ML.Randomness;

/// <summary>
/// Philox 4×32 with 10 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a function that turns a key of 64 bits
/// and a counter of 128 into four random words. No number needs another to be drawn first.
/// </summary>
internal static class Philox
{
    /// <summary>The number of words that one counter gives.</summary>
    public const int WordsPerBlock = 4;

    private const int Rounds = 10;
    private const int Lanes = 4; // counters at once, one in each 64 bits
    private const uint FirstFactor = 0xD2511F53;
    private const uint SecondFactor = 0xCD9E8D57;
    private const uint FirstKeyStep = 0x9E3779B9; // the golden ratio
    private const uint SecondKeyStep = 0xBB67AE85; // √3 − 1

    /// <summary>Fills memory with the words of consecutive counters.</summary>
    /// <param name="words">Where to; word 4·n + j is word j of the counter <paramref name="index"/> + n.</param>
    /// <param name="key">The key.</param>
    /// <param name="index">The two low words of the first counter.</param>
    /// <param name="step">The third word of every counter.</param>
    /// <param name="epoch">The fourth.</param>
    public static void Fill(Span<uint> words, ulong key, ulong index, uint step, uint epoch)
    {
        const int atOnce = Lanes * WordsPerBlock;
        Span<uint> last = stackalloc uint[atOnce];
        for (; !words.IsEmpty; index += Lanes)
        {
            var target = words.Length < atOnce ? last : words;
            FillLanes(ref MemoryMarshal.GetReference(target), key, index, step, epoch);
            if (words.Length < atOnce)
            {
                last[..words.Length].CopyTo(words);
                return;
            }

            words = words[atOnce..];
        }
    }

    // Only the lower half of each 64 bits counts until the end: the products read no other.
    private static void FillLanes(ref uint words, ulong key, ulong index, uint step, uint epoch)
    {
        var indexes = Vector256.Create(index) + Vector256.Create(0UL, 1, 2, 3);
        var (c0, c1, c2, c3) = (indexes, indexes >>> 32, Vector256.Create((ulong)step), Vector256.Create((ulong)epoch));
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var first = Product(c0, FirstFactor);
            var second = Product(c2, SecondFactor);
            (c0, c1) = ((second >>> 32) ^ c1 ^ Vector256.Create((ulong)k0), second);
            (c2, c3) = ((first >>> 32) ^ c3 ^ Vector256.Create((ulong)k1), first);
            unchecked
            {
                (k0, k1) = (k0 + FirstKeyStep, k1 + SecondKeyStep);
            }
        }

        var low = Joined(c0, c1); // words 0 and 1 of each counter
        var high = Joined(c2, c3); // words 2 and 3
        Ordered(low, high, Vector256.Create(0UL, 0, 1, 1)).AsUInt32().StoreUnsafe(ref words);
        Ordered(low, high, Vector256.Create(2UL, 2, 3, 3)).AsUInt32().StoreUnsafe(ref words, (nuint)Vector256<uint>.Count);
    }

    private static Vector256<ulong> Product(Vector256<ulong> x, uint factor) => Avx2.IsSupported
        ? Avx2.Multiply(x.AsUInt32(), Vector256.Create((ulong)factor).AsUInt32())
        : (x & Vector256.Create((ulong)uint.MaxValue)) * Vector256.Create((ulong)factor);

    private static Vector256<ulong> Joined(Vector256<ulong> lower, Vector256<ulong> upper) =>
        (lower & Vector256.Create((ulong)uint.MaxValue)) | (upper << 32);

    private static Vector256<ulong> Ordered(Vector256<ulong> low, Vector256<ulong> high, Vector256<ulong> lanes) =>
        Vector256.ConditionalSelect(
            Vector256.Create(ulong.MaxValue, 0, ulong.MaxValue, 0),
            Vector256.Shuffle(low, lanes),
            Vector256.Shuffle(high, lanes));
}
