using NullaProp.ML.Randomness;

namespace NullaProp.ML.Tests.Randomness;

[TestClass]
public sealed class PhiloxTests
{
    // Known answers that Random123 publishes for philox4x32 with 10 rounds; a key's and a counter's first word is the low one.
    [TestMethod]
    [DataRow(0UL, 0UL, 0u, 0u, "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [DataRow(ulong.MaxValue, ulong.MaxValue, uint.MaxValue, uint.MaxValue, "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [DataRow(0x299f31d0_a4093822UL, 0x85a308d3_243f6a88UL, 0x13198a2eu, 0x03707344u, "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Fill_PublishedCounterAndKey_GivesThePublishedWords(ulong key, ulong index, uint step, uint epoch, string expected)
    {
        var words = new uint[4];

        Philox.Fill(words, key, index, step, epoch);

        Assert.AreEqual(expected, string.Join(' ', words.Select(word => $"{word:x8}")));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(17)]
    [DataRow(103)]
    public void Fill_ManyWords_AreThoseOfConsecutiveCounters(int count)
    {
        const ulong key = 0x0123456789abcdef;
        const ulong first = ulong.MaxValue - 9; // goes on past the end at 0
        var words = new uint[count];

        Philox.Fill(words, key, first, 3, 7);

        for (var i = 0; i < count; i++)
        {
            Assert.AreEqual(Reference(key, unchecked(first + (ulong)(i / 4)), 3, 7)[i % 4], words[i], $"word {i}");
        }
    }

    // The definition, a counter at a time.
    private static uint[] Reference(ulong key, ulong index, uint step, uint epoch)
    {
        var (c, k0, k1) = (new[] { (uint)index, (uint)(index >> 32), step, epoch }, (uint)key, (uint)(key >> 32));
        for (var round = 0; round < 10; round++)
        {
            var (p0, p1) = (0xD2511F53UL * c[0], 0xCD9E8D57UL * c[2]);
            c = [(uint)(p1 >> 32) ^ c[1] ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c[3] ^ k1, (uint)p0];
            (k0, k1) = unchecked((k0 + 0x9E3779B9, k1 + 0xBB67AE85));
        }

        return c;
    }
}
