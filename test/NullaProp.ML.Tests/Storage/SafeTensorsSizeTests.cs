using NullaProp.ML.Storage;

namespace NullaProp.ML.Tests.Storage;

/// <summary>A claim about sizes costs no memory, and there is a limit to what is read.</summary>
[TestClass]
public sealed class SafeTensorsSizeTests
{
    [TestMethod]
    public void Read_EightGigabytesClaimedButNotSent_AsksForOneChunk()
    {
        var file = Entry("""{"dtype":"F32","shape":[2000000000],"data_offsets":[0,8000000000]}""", new byte[100]);
        var source = new OneWayStream(new MemoryStream(file), int.MaxValue);

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(source));

        Assert.Contains("after 100 bytes", fault.Message);
        Assert.AreEqual(TensorData.Chunk, source.LargestRequest);
    }

    [TestMethod]
    public void Read_MoreClaimedThanAnyMemoryHolds_ThrowsAtTheEndOfTheData()
    {
        const long length = 1L << 60;
        var file = Entry($$"""{"dtype":"U8","shape":[{{length}}],"data_offsets":[0,{{length}}]}""", new byte[100]);

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(new MemoryStream(file), largestData: long.MaxValue));

        Assert.Contains("after 100 bytes", fault.Message);
    }

    [TestMethod]
    public void Read_MoreDataThanAllowed_ThrowsTellingBoth()
    {
        var file = Entry("""{"dtype":"U8","shape":[17179869185],"data_offsets":[0,17179869185]}""");

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(new MemoryStream(file)));

        Assert.Contains("17179869185 bytes", fault.Message);
        Assert.Contains("at most 17179869184", fault.Message);
    }

    [TestMethod]
    public void Read_MoreDataThanTheCallerAllows_ThrowsTellingBoth()
    {
        var file = new MemoryStream(Entry("""{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""", 1, 2, 3, 4));

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(file, largestData: 3));

        Assert.Contains("4 bytes, but at most 3", fault.Message);
    }

    private static byte[] Entry(string entry, params byte[] data) => Bytes.File($$"""{"x":{{entry}}}""", data);
}
