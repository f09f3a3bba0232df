using CsCheck;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using static NullaProp.ML.Tests.Storage.WrittenTensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

[TestClass]
public sealed class SafeTensorsTests
{
    // Written by hand from the section "Format" of the README of github.com/huggingface/safetensors, commit 24b0b28: the length,
    // 0x70 = 112; a header of 111 characters and 1 spaces; 1, 2, 3, -2 and 1.5 as 32-bit floats.
    private static readonly byte[] HandWritten =
    [
        0x70, 0, 0, 0, 0, 0, 0, 0,
        .. """{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"""u8,
        .. "\"b\":"u8,
        .. """{"dtype":"F32","shape":[],"data_offsets":[16,20]}} """u8,
        0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x40, 0x40, 0x00, 0x00, 0x00, 0xC0,
        0x00, 0x00, 0xC0, 0x3F,
    ];

    [TestMethod]
    public void Write_TwoTensors_GivesTheHandWrittenBytes() =>
        CollectionAssert.AreEqual(HandWritten, Written(new("a", new([2, 2], [1, 2, 3, -2])), new("b", new([], [1.5f]))));

    [TestMethod]
    public void Read_HandWrittenBytes_GivesTheTensors()
    {
        var stored = Read(new MemoryStream(HandWritten));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Keys.ToArray());
        AssertSame(new([2, 2], [1, 2, 3, -2]), stored["a"]);
        AssertSame(new([], [1.5f]), stored["b"]);
    }

    // The oracle is libtorch's conversion.
    [TestMethod]
    [DataRow(ScalarType.Float64)]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float16)]
    [DataRow(ScalarType.BFloat16)]
    public void Read_EveryTypeOfFractions_GivesTheSameNumbersAsLibtorch(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var original = randn(8, 16, 33, dtype: ScalarType.Float64, generator: generator).mul(1000).to(type);

        var stored = Read(new MemoryStream(Foreign([new("x", original)])));

        AssertSame(HostTensor.Of(original), stored["x"]);
    }

    [TestMethod]
    public void ReadTensors_OfWholeNumbers_TellsTheTypesThatWouldDo()
    {
        using var whole = ones(2, dtype: ScalarType.Int64);
        var stream = new MemoryStream(Foreign([new("x", whole)]));
        var header = SafeTensors.ReadHeader(stream);

        var fault = Assert.ThrowsExactly<FormatException>(() => SafeTensors.ReadTensors(stream, header, _ => true).Count());

        Assert.Contains("Tensor 'x' has the dtype I64, but must be F64, F32, F16, BF16.", fault.Message);
    }

    [TestMethod]
    public void ReadTensors_NotWanted_AreReadOver()
    {
        using var whole = ones(3, dtype: ScalarType.Byte);
        using var wanted = ones(2);
        var stream = new MemoryStream(Foreign([new("x", whole), new("y", wanted), new("z", whole)]));
        var header = SafeTensors.ReadHeader(stream);

        var read = SafeTensors.ReadTensors(stream, header, name => name == "y").Single();

        AssertSame(new([2], [1, 1]), read.Value);
    }

    [TestMethod]
    [DataRow((TensorData.Chunk / 4) - 1)]
    [DataRow(TensorData.Chunk / 4)]
    [DataRow((TensorData.Chunk / 4) + 1)]
    [DataRow((TensorData.Chunk / 2) + 2)]
    [DataRow((5 * TensorData.Chunk / 4) + 2)]
    public void Read_TensorAroundTheChunkSize_GivesEveryBitBack(int length)
    {
        var original = Patterned(length);

        var stored = Read(new MemoryStream(Written(new KeyValuePair<string, HostTensor>("x", original))));

        AssertSame(original, stored["x"]);
    }

    [TestMethod]
    public void Read_LargeTensorOfHalves_GivesEveryNumber()
    {
        using var original = full(TensorData.Chunk + 5, 0.5f, dtype: ScalarType.Float16);

        var stored = Read(new MemoryStream(Foreign([new("x", original)])));

        Assert.HasCount(TensorData.Chunk + 5, stored["x"].Values);
        Assert.IsTrue(stored["x"].Values.All(value => value == 0.5f));
    }

    [TestMethod]
    [DataRow(new long[] { 0 })]
    [DataRow(new long[] { 3, 0, 2 })]
    [DataRow(new long[] { })]
    [DataRow(new long[] { 1 })]
    [DataRow(new long[] { 1, 1, 1, 1, 1, 1, 1, 2 })]
    public void Read_UnusualShape_GivesItBack(long[] shape)
    {
        var (original, neighbour) = (Patterned(shape), Patterned(3));
        var file = Written(new("first", original), new("x", neighbour), new("last", original));

        var stored = Read(new MemoryStream(file));

        AssertSame(original, stored["first"]);
        AssertSame(neighbour, stored["x"]);
        AssertSame(original, stored["last"]);
    }

    [TestMethod]
    public void Read_NoTensors_GivesNone() => Assert.IsEmpty(Read(new MemoryStream(Written())));

    [TestMethod]
    public void Read_FileWithFreeTexts_OverlooksThem()
    {
        const string header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";

        Assert.HasCount(1, Read(new MemoryStream(Bytes.File(header, 0, 0, 0, 0))));
    }

    [TestMethod]
    public void Read_EntriesNotInTheOrderOfTheirData_GivesTheOrderOfTheData()
    {
        const string header =
            """{"b":{"data_offsets":[2,6],"shape":[2],"dtype":"BF16"},"a":{"shape":[1],"dtype":"BF16","data_offsets":[0,2]}}""";

        var stored = Read(new MemoryStream(Bytes.File(header, 0x80, 0x3F, 0x00, 0x40, 0x40, 0x40)));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 2f, 3f }, stored["b"].Values);
    }

    [TestMethod]
    public void Read_EmptyTensorListedAfterTheOneItStandsBefore_IsRead()
    {
        const string header =
            """{"b":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}""";

        var stored = Read(new MemoryStream(Bytes.File(header, 0, 0)));

        CollectionAssert.AreEqual(new[] { "a", "b" }, stored.Keys.ToArray());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    public void Read_StreamThatCannotSeekAndGivesFewBytes_GivesEveryBitBack(int bytesAtOnce)
    {
        var original = Patterned(5, 7);
        using var source = new OneWayStream(new MemoryStream(Written(new KeyValuePair<string, HostTensor>("x", original))), bytesAtOnce);

        AssertSame(original, Read(source)["x"]);
    }

    [TestMethod]
    public void Read_StreamNotAtItsStart_ReadsFromItsPosition() =>
        Assert.HasCount(2, Read(new MemoryStream([1, 2, 3, .. HandWritten]) { Position = 3 }));

    [TestMethod]
    public void WriteAndRead_AnyNamesShapesAndBits_GiveTheSame()
    {
        var any =
            from shape in Gen.Long[0, 4].Array[0, 3]
            from bits in Gen.Int.Array[(int)shape.Aggregate(1L, (product, size) => product * size)]
            select new HostTensor(shape, Array.ConvertAll(bits, BitConverter.Int32BitsToSingle));

        any.Array[0, 5].Sample(
            tensors =>
            {
                var named = tensors.Select((tensor, i) => KeyValuePair.Create($"\"{i}\" ü\\.weight", tensor)).ToList();

                var read = Read(new MemoryStream(Written(named)));

                CollectionAssert.AreEqual(named.Select(tensor => tensor.Key).ToArray(), read.Keys.ToArray());
                foreach (var (name, tensor) in named)
                {
                    AssertSame(tensor, read[name]);
                }
            },
            iter: 300);
    }
}
