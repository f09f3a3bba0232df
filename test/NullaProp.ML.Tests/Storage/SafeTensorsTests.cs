using NullaProp.ML.Storage;
using TorchSharp;
using static NullaProp.ML.Tests.Storage.WrittenTensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

[TestClass]
public sealed class SafeTensorsTests
{
    // Written by hand from the section "Format" of the README of github.com/huggingface/safetensors, commit 24b0b28: the length,
    // 0x90 = 144; a header of 140 characters and 4 spaces; 1, 2, 3, -2 as 16-bit integers; 1.5 as a 32-bit float.
    private static readonly byte[] HandWritten =
    [
        0x90, 0, 0, 0, 0, 0, 0, 0,
        .. """{"__metadata__":{"format":"pt"},"a":"""u8,
        .. """{"dtype":"I16","shape":[2,2],"data_offsets":[0,8]},"b":"""u8,
        .. """{"dtype":"F32","shape":[],"data_offsets":[8,12]}}    """u8,
        0x01, 0x00, 0x02, 0x00, 0x03, 0x00, 0xFE, 0xFF,
        0x00, 0x00, 0xC0, 0x3F,
    ];

    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [TestMethod]
    public void Write_TwoTensorsAndMetadata_GivesTheHandWrittenBytes()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new short[] { 1, 2, 3, -2 }).view(2, 2);
        var b = tensor(1.5f);

        var bytes = Written([new("a", a), new("b", b)], new Dictionary<string, string> { ["format"] = "pt" });

        CollectionAssert.AreEqual(HandWritten, bytes);
    }

    [TestMethod]
    public void Read_HandWrittenBytes_GivesTensorsAndMetadata()
    {
        using var stored = SafeTensors.Read(new MemoryStream(HandWritten));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Tensors.Keys.ToArray());
        CollectionAssert.AreEqual(new long[] { 2, 2 }, stored.Tensors["a"].shape);
        CollectionAssert.AreEqual(new short[] { 1, 2, 3, -2 }, stored.Tensors["a"].data<short>().ToArray());
        Assert.AreEqual(0, stored.Tensors["b"].Dimensions);
        Assert.AreEqual(1.5f, stored.Tensors["b"].item<float>());
        Assert.AreEqual("pt", stored.Metadata["format"]);
    }

    [TestMethod]
    [DataRow(ScalarType.Float64)]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float16)]
    [DataRow(ScalarType.BFloat16)]
    [DataRow(ScalarType.Int64)]
    [DataRow(ScalarType.Int32)]
    [DataRow(ScalarType.Int16)]
    [DataRow(ScalarType.Int8)]
    [DataRow(ScalarType.Byte)]
    [DataRow(ScalarType.Bool)]
    public void Read_EveryElementType_GivesEveryBitBack(ScalarType type)
    {
        using var original = Patterned([8, 16, 32], type);

        using var stored = SafeTensors.Read(new MemoryStream(Written([new("x", original)])));

        AssertSame(original, stored.Tensors["x"]);
    }

    [TestMethod]
    [DataRow(TensorData.Chunk - 8)]
    [DataRow(TensorData.Chunk)]
    [DataRow(TensorData.Chunk + 8)]
    [DataRow((2 * TensorData.Chunk) + 8)]
    [DataRow((5 * TensorData.Chunk) + 8)]
    public void Read_TensorAroundTheChunkSize_GivesEveryBitBack(int length)
    {
        using var original = Patterned([2, length / 16], ScalarType.Float64);

        using var stored = SafeTensors.Read(new MemoryStream(Written([new("x", original)])));

        AssertSame(original, stored.Tensors["x"]);
    }

    [TestMethod]
    [DataRow(new long[] { 0 })]
    [DataRow(new long[] { 3, 0, 2 })]
    [DataRow(new long[] { })]
    [DataRow(new long[] { 1 })]
    [DataRow(new long[] { 1, 1, 1, 1, 1, 1, 1, 2 })]
    public void Read_UnusualShape_GivesItBack(long[] shape)
    {
        using var original = Patterned(shape, ScalarType.Float32);
        using var neighbour = Patterned([3], ScalarType.Byte);
        var file = Written([new("first", original), new("x", neighbour), new("last", original)]);

        using var stored = SafeTensors.Read(new MemoryStream(file));

        AssertSame(original, stored.Tensors["first"]);
        AssertSame(neighbour, stored.Tensors["x"]);
        AssertSame(original, stored.Tensors["last"]);
    }

    [TestMethod]
    public void Read_NoTensors_GivesNone()
    {
        using var stored = SafeTensors.Read(new MemoryStream(Written([])));

        Assert.IsEmpty(stored.Tensors);
        Assert.IsEmpty(stored.Metadata);
    }

    [TestMethod]
    public void Read_EntriesNotInTheOrderOfTheirData_GivesTheOrderOfTheData()
    {
        const string header =
            """{"b":{"data_offsets":[1,3],"shape":[2],"dtype":"U8"},"a":{"shape":[1],"dtype":"U8","data_offsets":[0,1]}}""";

        using var stored = SafeTensors.Read(new MemoryStream(Bytes.File(header, 1, 2, 3)));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Tensors.Keys.ToArray());
        CollectionAssert.AreEqual(new byte[] { 2, 3 }, stored.Tensors["b"].data<byte>().ToArray());
    }

    [TestMethod]
    public void Read_EmptyTensorListedAfterTheOneItStandsBefore_IsRead()
    {
        const string header =
            """{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""";

        using var stored = SafeTensors.Read(new MemoryStream(Bytes.File(header, 1)));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Tensors.Keys.ToArray());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    public void Read_StreamThatCannotSeekAndGivesFewBytes_GivesEveryBitBack(int bytesAtOnce)
    {
        using var original = Patterned([5, 7], ScalarType.Float16);
        using var source = new OneWayStream(new MemoryStream(Written([new("x", original)])), bytesAtOnce);

        using var stored = SafeTensors.Read(source);

        AssertSame(original, stored.Tensors["x"]);
    }

    [TestMethod]
    public void Read_StreamNotAtItsStart_ReadsFromItsPosition()
    {
        var stream = new MemoryStream([1, 2, 3, .. HandWritten]) { Position = 3 };

        using var stored = SafeTensors.Read(stream);

        Assert.HasCount(2, stored.Tensors);
    }

    [TestMethod]
    public void Read_InsideADisposeScope_GivesTensorsThatOutliveIt()
    {
        StoredTensors stored;
        using (NewDisposeScope())
            stored = SafeTensors.Read(new MemoryStream(HandWritten));

        using (stored)
            Assert.AreEqual(1.5f, stored.Tensors["b"].item<float>());
    }

    [TestMethod]
    public void Dispose_AfterOneTensorWasTaken_LeavesOnlyThatOne()
    {
        var before = LiveTensors;
        var stored = SafeTensors.Read(new MemoryStream(HandWritten));
        Assert.AreEqual(before + 2, LiveTensors);
        using var taken = stored.Take("b");

        stored.Dispose();
        stored.Dispose();

        Assert.AreEqual(before + 1, LiveTensors);
        Assert.AreEqual(1.5f, taken.item<float>());
    }

    [TestMethod]
    public void Take_NameNotInTheFile_ThrowsNamingIt()
    {
        using var stored = SafeTensors.Read(new MemoryStream(HandWritten));

        var fault = Assert.ThrowsExactly<FormatException>(() => stored.Take("bias"));

        Assert.Contains("'bias'", fault.Message);
    }
}
