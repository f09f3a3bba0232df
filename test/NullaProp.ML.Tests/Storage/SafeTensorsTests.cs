using NullaProp.ML.Storage;
using TorchSharp;
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

    [TestMethod]
    public void Write_StreamThatCannotSeek_GivesTheSameBytes()
    {
        using var original = Patterned([5, 7], ScalarType.Float16);
        var target = new MemoryStream();

        SafeTensors.Write(new OneWayStream(target, 1), [new("x", original)]);

        CollectionAssert.AreEqual(Written([new("x", original)]), target.ToArray());
    }

    [TestMethod]
    public void Write_TransposedSlicedAndExpandedTensors_WritesRowMajor()
    {
        using var scope = NewDisposeScope();
        var original = arange(12, ScalarType.Int32).view(3, 4);
        var expanded = original.narrow(0, 1, 1).expand(2, 4);
        var file = Written([new("t", original.t()), new("s", original.narrow(1, 1, 2)), new("e", expanded)]);

        using var stored = SafeTensors.Read(new MemoryStream(file));

        CollectionAssert.AreEqual(new[] { 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 }, stored.Tensors["t"].data<int>().ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 5, 6, 9, 10 }, stored.Tensors["s"].data<int>().ToArray());
        CollectionAssert.AreEqual(new[] { 4, 5, 6, 7, 4, 5, 6, 7 }, stored.Tensors["e"].data<int>().ToArray());
    }

    [TestMethod]
    public void Write_TensorOnTheGpu_WritesItsCopy()
    {
        if (!cuda.is_available())
            Assert.Inconclusive("This test needs a CUDA device.");
        using var original = Patterned([5, 7], ScalarType.Float32);
        using var onGpu = original.cuda();

        using var stored = SafeTensors.Read(new MemoryStream(Written([new("x", onGpu)])));

        AssertSame(original, stored.Tensors["x"]);
    }

    [TestMethod]
    public void Write_ModuleThatLearns_LeavesItsParametersAndNoOtherTensor()
    {
        using var layer = nn.Linear(3, 2);
        var parameters = layer.named_parameters().Select(item => KeyValuePair.Create<string, Tensor>(item.name, item.parameter)).ToList();
        var before = LiveTensors;

        using var stored = SafeTensors.Read(new MemoryStream(Written(parameters)));

        Assert.AreEqual(before + 2, LiveTensors);
        Assert.IsFalse(stored.Tensors["weight"].requires_grad);
        AssertSame(layer.weight, stored.Tensors["weight"]);
    }

    [TestMethod]
    public void Write_NamesAndTextsWithAnyCharacter_AreReadBack()
    {
        using var original = Patterned([1], ScalarType.Byte);
        const string text = "größe \"1\" \\ </s> 😀\n";
        var metadata = new Dictionary<string, string> { [text] = text, [""] = "" };

        using var stored = SafeTensors.Read(new MemoryStream(Written([new(text, original)], metadata)));

        AssertSame(original, stored.Tensors[text]);
        Assert.AreEqual(text, stored.Metadata[text]);
        Assert.AreEqual("", stored.Metadata[""]);
    }

    [TestMethod]
    public void Write_MetadataInAnotherOrder_GivesTheSameBytes()
    {
        var forward = Written([], new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        var backward = Written([], new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" });

        CollectionAssert.AreEqual(forward, backward);
    }

    [TestMethod]
    [DataRow("x", "x")]
    [DataRow("x", "__metadata__")]
    public void Write_NameTwiceOrReserved_ThrowsBeforeTheFirstByte(string first, string second)
    {
        using var original = Patterned([1], ScalarType.Byte);
        var target = new MemoryStream();

        Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(target, [new(first, original), new(second, original)]));

        Assert.AreEqual(0, target.Length);
    }

    [TestMethod]
    public void Write_NameIsHalfACharacter_ThrowsBeforeTheFirstByte()
    {
        using var original = Patterned([1], ScalarType.Byte);
        var target = new MemoryStream();

        Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(target, [new("\ud800", original)]));

        Assert.AreEqual(0, target.Length);
    }

    [TestMethod]
    public void Write_ComplexTensor_ThrowsNamingItBeforeTheFirstByte()
    {
        using var original = zeros(2, ScalarType.ComplexFloat32);
        var target = new MemoryStream();

        var fault = Assert.ThrowsExactly<NotSupportedException>(() => SafeTensors.Write(target, [new("wave", original)]));

        Assert.Contains("'wave'", fault.Message);
        Assert.AreEqual(0, target.Length);
    }

    [TestMethod]
    public void Write_MoreDataThanIsRead_ThrowsBeforeTheFirstByte()
    {
        using var one = zeros(1, ScalarType.Byte);
        using var huge = one.expand(SafeTensors.LargestData + 1);
        var target = new MemoryStream();

        var fault = Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(target, [new("huge", huge)]));

        Assert.Contains("17179869185", fault.Message);
        Assert.AreEqual(0, target.Length);
    }

    [TestMethod]
    public void Write_LongerHeaderThanIsRead_ThrowsBeforeTheFirstByte()
    {
        var target = new MemoryStream();
        var metadata = new Dictionary<string, string> { ["text"] = new('x', SafeTensors.LongestHeader) };

        var fault = Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(target, [], metadata));

        Assert.Contains("100000000", fault.Message);
        Assert.AreEqual(0, target.Length);
    }

    private static byte[] Written(IEnumerable<KeyValuePair<string, Tensor>> tensors, Dictionary<string, string>? metadata = null)
    {
        var target = new MemoryStream();
        SafeTensors.Write(target, tensors, metadata);
        return target.ToArray();
    }

    /// <summary>Every 16-bit pattern may come up, so not-a-numbers with all payloads, infinities and denormal numbers do, too.</summary>
    private static Tensor Patterned(long[] shape, ScalarType type)
    {
        var values = empty(shape, type, CPU);
        var bytes = new byte[values.NumberOfElements * values.ElementSize];
        new Random(1).NextBytes(bytes);
        if (type == ScalarType.Bool)
            bytes = [.. bytes.Select(value => (byte)(value & 1))];
        values.bytes = bytes;
        return values;
    }

    private static void AssertSame(Tensor expected, Tensor found)
    {
        Assert.AreEqual(expected.dtype, found.dtype);
        Assert.AreEqual(DeviceType.CPU, found.device_type);
        CollectionAssert.AreEqual(expected.shape, found.shape);
        Assert.IsTrue(expected.bytes.SequenceEqual(found.bytes));
    }
}
