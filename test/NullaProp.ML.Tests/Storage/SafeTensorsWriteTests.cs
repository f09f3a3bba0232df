using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using static NullaProp.ML.Tests.Storage.WrittenTensors;

namespace NullaProp.ML.Tests.Storage;

/// <summary>What is written, and what is refused before the first byte.</summary>
[TestClass]
public sealed class SafeTensorsWriteTests
{
    private static readonly HostTensor One = new([1], [1]);

    [TestMethod]
    public void Write_StreamThatCannotSeek_GivesTheSameBytes()
    {
        var original = new KeyValuePair<string, HostTensor>("x", Patterned(5, 7));
        var target = new MemoryStream();

        SafeTensors.Write(new OneWayStream(target, 1), [Named(original)]);

        CollectionAssert.AreEqual(Written(original), target.ToArray());
    }

    [TestMethod]
    public void Write_ManyTensors_AsksForOneAtATime()
    {
        var target = new MemoryStream();
        var lengths = new List<long>();

        SafeTensors.Write(target, [new("a", [1], () => Asked(One)), new("b", [1], () => Asked(One))]);

        Assert.AreEqual(4, lengths[1] - lengths[0]); // the first is written before the second is asked for
        HostTensor Asked(HostTensor tensor)
        {
            lengths.Add(target.Length);
            return tensor;
        }
    }

    [TestMethod]
    public void Write_NameWithAnyCharacter_IsReadBack()
    {
        const string text = "größe \"1\" \\ </s> 😀\n";

        AssertSame(One, Read(new MemoryStream(Written(new KeyValuePair<string, HostTensor>(text, One))))[text]);
    }

    [TestMethod]
    [DataRow("x", "x")]
    [DataRow("x", "__metadata__")]
    public void Write_NameTwiceOrReserved_ThrowsBeforeTheFirstByte(string first, string second) =>
        AssertRefused("must be unique", new(first, [1], () => One), new(second, [1], () => One));

    [TestMethod]
    public void Write_NameIsHalfACharacter_ThrowsBeforeTheFirstByte() =>
        AssertRefused("half a character", new NamedTensor("\ud800", [1], () => One));

    [TestMethod]
    public void Write_MoreDataThanIsRead_ThrowsBeforeTheFirstByte() =>
        AssertRefused("17179869188", new NamedTensor("huge", [(SafeTensors.LargestData / 4) + 1], () => One));

    [TestMethod]
    public void Write_LongerHeaderThanIsRead_ThrowsBeforeTheFirstByte() =>
        AssertRefused("100000000", new NamedTensor(new('x', SafeTensors.LongestHeader), [1], () => One));

    private static void AssertRefused(string words, params NamedTensor[] tensors)
    {
        var target = new MemoryStream();

        var fault = Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(target, tensors));

        Assert.Contains(words, fault.Message);
        Assert.AreEqual(0, target.Length);
    }
}
