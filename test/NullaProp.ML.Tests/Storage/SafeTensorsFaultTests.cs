using NullaProp.ML.Storage;

namespace NullaProp.ML.Tests.Storage;

/// <summary>Every way in which a file can be broken has its own test.</summary>
[TestClass]
public sealed class SafeTensorsFaultTests
{
    private const string Good =
        """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""";

    [TestMethod]
    [DataRow(0)]
    [DataRow(7)]
    public void Read_StreamEndsInTheLength_ThrowsTellingBytesFound(int length) =>
        AssertFault(Bytes.File(Good)[..length], $"after {length} bytes", "first 8");

    [TestMethod]
    [DataRow(100_000_001UL)]
    [DataRow(ulong.MaxValue)]
    public void Read_HeaderLongerThanAllowed_ThrowsTellingBoth(ulong length) =>
        AssertFault([.. Bytes.Prefix(length), .. "{}"u8], $"claims {length} bytes", "at most 100000000");

    [TestMethod]
    public void Read_HeaderLongerThanTheCallerAllows_ThrowsBeforeReadingIt()
    {
        var source = new MemoryStream(Bytes.File(Good));

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(source, longestHeader: 20));

        Assert.Contains($"claims {Good.Length} bytes, but at most 20", fault.Message);
        Assert.AreEqual(8, source.Position);
    }

    [TestMethod]
    public void Read_StreamEndsInTheHeader_ThrowsTellingBoth() =>
        AssertFault(Bytes.File(Good)[..18], "after 10 bytes of its header", $"needs {Good.Length}");

    [TestMethod]
    public void Read_HeaderLengthWithoutHeader_AllocatesLittle()
    {
        var source = new OneWayStream(new MemoryStream([.. Bytes.Prefix(SafeTensors.LongestHeader), .. "{}"u8]), int.MaxValue);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(source));

        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Read_EmptyHeader_Throws() =>
        AssertFault(Bytes.File(""), "0 bytes long", "'{}'");

    [TestMethod]
    [DataRow(" {}", "0x20")]
    [DataRow("[]", "0x5B")]
    [DataRow("\uFEFF{}", "0xEF")]
    public void Read_HeaderStartsWithAnotherCharacter_ThrowsTellingBoth(string header, string found) =>
        AssertFault(Bytes.File(header), found, "'{'");

    [TestMethod]
    [DataRow("{")]
    [DataRow("{\"a\":")]
    [DataRow("{},")]
    [DataRow("{} {}")]
    [DataRow("{}\0")]
    [DataRow("{/* no comments */}")]
    [DataRow("""{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""")]
    public void Read_HeaderIsNoJson_ThrowsSayingSo(string header) =>
        AssertFault(Bytes.File(header), "not valid JSON");

    [TestMethod]
    public void Read_HeaderNestedDeeply_ThrowsSayingSo() =>
        AssertFault(Bytes.File("{\"a\":" + new string('[', 100_000)), "not valid JSON", "depth");

    [TestMethod]
    public void Read_HeaderIsNoUtf8_ThrowsSayingSo() =>
        AssertFault(
            Bytes.File([.. "{\""u8, 0xFF, .. "\":"u8, .. """{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"""u8]),
            "not valid JSON in UTF-8");

    [TestMethod]
    [DataRow("a")]
    [DataRow("\\u0061")]
    public void Read_TensorNameTwice_ThrowsNamingIt(string secondName) =>
        AssertFault(
            Bytes.File($$"""
                {
                  "a": { "dtype": "U8", "shape": [0], "data_offsets": [0, 0] },
                  "{{secondName}}": { "dtype": "U8", "shape": [0], "data_offsets": [0, 0] }
                }
                """),
            "'a' twice",
            "unique");

    [TestMethod]
    public void Read_FieldTwice_ThrowsNamingIt() =>
        AssertFault(Entry("""{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}""", 1), "'shape' twice", "unique");

    [TestMethod]
    public void Read_MetadataNameTwice_ThrowsNamingIt() =>
        AssertFault(Bytes.File("""{"__metadata__":{"k":"1","k":"2"}}"""), "'k' twice", "unique");

    [TestMethod]
    public void Read_MetadataIsNoObject_ThrowsTellingBoth() =>
        AssertFault(Bytes.File("""{"__metadata__":"pt"}"""), "'__metadata__'", "JSON String", "Object");

    [TestMethod]
    public void Read_MetadataValueIsNoText_ThrowsTellingBoth() =>
        AssertFault(Bytes.File("""{"__metadata__":{"epochs":3}}"""), "'epochs'", "JSON Number", "String");

    [TestMethod]
    public void Read_EntryIsNoObject_ThrowsTellingBoth() =>
        AssertFault(Entry("[]"), "'x'", "JSON Array", "Object");

    [TestMethod]
    [DataRow("""{"dtype":"U8","shape":[0]}""")]
    [DataRow("""{"dtype":"U8","data_offsets":[0,0]}""")]
    [DataRow("""{"shape":[0],"data_offsets":[0,0]}""")]
    [DataRow("""{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}""")]
    [DataRow("""{"dtype":"U8","shape":[0],"offsets":[0,0]}""")]
    public void Read_FieldMissingOrUnknown_ThrowsListingThem(string entry) =>
        AssertFault(Entry(entry), "'x' has the fields", "needs exactly 'data_offsets, dtype, shape'");

    [TestMethod]
    [DataRow("F8_E4M3")]
    [DataRow("U16")]
    [DataRow("f32")]
    [DataRow("")]
    public void Read_UnknownElementType_ThrowsTellingBoth(string type) =>
        AssertFault(
            Entry($$"""{"dtype":"{{type}}","shape":[1],"data_offsets":[0,1]}""", 1),
            $"the dtype '{type}'",
            "F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");

    [TestMethod]
    public void Read_ElementTypeIsNoText_ThrowsTellingBoth() =>
        AssertFault(Entry("""{"dtype":8,"shape":[1],"data_offsets":[0,1]}""", 1), "the dtype is a JSON Number", "String");

    [TestMethod]
    public void Read_ShapeIsNoArray_ThrowsTellingBoth() =>
        AssertFault(Entry("""{"dtype":"U8","shape":1,"data_offsets":[0,1]}""", 1), "the shape is a JSON Number", "Array");

    [TestMethod]
    [DataRow("-1")]
    [DataRow("1.5")]
    [DataRow("1e1")]
    [DataRow("9223372036854775808")]
    [DataRow("\"1\"")]
    [DataRow("null")]
    [DataRow("[1]")]
    public void Read_DimensionIsNoWholeNumber_ThrowsQuotingIt(string dimension) =>
        AssertFault(
            Entry($$"""{"dtype":"U8","shape":[{{dimension}}],"data_offsets":[0,1]}""", 1),
            $"the shape holds '{dimension}'",
            "whole numbers");

    [TestMethod]
    public void Read_TooManyDimensions_ThrowsTellingBoth() =>
        AssertFault(
            Entry($$"""{"dtype":"U8","shape":[{{string.Join(",", Enumerable.Repeat(1, 65))}}],"data_offsets":[0,1]}""", 1),
            "65 numbers",
            "at most 64");

    [TestMethod]
    [DataRow("4294967296, 4294967296, 1", "U8")]
    [DataRow("4611686018427387904", "F32")]
    [DataRow("0, 4294967296, 4294967296", "U8")]
    public void Read_ShapeOverflows_ThrowsQuotingIt(string shape, string type) =>
        AssertFault(
            Entry($$"""{"dtype":"{{type}}","shape":[{{shape}}],"data_offsets":[0,0]}"""),
            $"the shape [{shape}]",
            "fewer than 2^63");

    [TestMethod]
    [DataRow("[0]")]
    [DataRow("[0, 1, 1]")]
    [DataRow("[1, 0]")]
    public void Read_OffsetsAreNoRange_ThrowsQuotingThem(string offsets) =>
        AssertFault(
            Entry($$"""{"dtype":"U8","shape":[1],"data_offsets":{{offsets}}}""", 1),
            $"the data_offsets {offsets}",
            "a begin and an end");

    [TestMethod]
    public void Read_NegativeOffset_ThrowsQuotingIt() =>
        AssertFault(Entry("""{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}""", 1), "the data_offsets holds '-1'", "whole numbers");

    [TestMethod]
    public void Read_OffsetsAndShapeDisagree_ThrowsTellingBoth() =>
        AssertFault(Entry("""{"dtype":"F32","shape":[2],"data_offsets":[0,4]}""", 0, 0, 0, 0), "span 4 bytes", "[2] need 8");

    [TestMethod]
    public void Read_TensorsOverlap_ThrowsNamingTheSecond() =>
        AssertFault(Two(firstEnd: 2, secondBegin: 1), "'b' begins at byte 1", "overlaps", "at byte 2");

    [TestMethod]
    public void Read_HoleBetweenTensors_ThrowsNamingTheSecond() =>
        AssertFault(Two(firstEnd: 2, secondBegin: 3), "'b' begins at byte 3", "hole", "at byte 2");

    [TestMethod]
    public void Read_HoleBeforeTheFirstTensor_ThrowsNamingIt() =>
        AssertFault(Entry("""{"dtype":"U8","shape":[1],"data_offsets":[1,2]}""", 1, 2), "'x' begins at byte 1", "hole", "at byte 0");

    [TestMethod]
    public void Read_OffsetsBeyondTheData_ThrowsTellingBoth() =>
        AssertFault(Bytes.File(Good, 1, 2, 3), "after 1 bytes of tensor 'b'", "needs 2");

    [TestMethod]
    public void Read_NoDataAtAll_ThrowsTellingBoth() =>
        AssertFault(Bytes.File(Good), "after 0 bytes of tensor 'a'", "needs 2");

    [TestMethod]
    public void Read_DataEndsAfterTheFirstChunk_ThrowsTellingBoth()
    {
        var length = 2 * TensorData.Chunk;

        AssertFault(
            Entry($$"""{"dtype":"F64","shape":[{{length / 8}}],"data_offsets":[0,{{length}}]}""", new byte[TensorData.Chunk + 12]),
            $"after {TensorData.Chunk + 12} bytes",
            $"needs {length}");
    }

    [TestMethod]
    public void Read_DataGoesOnAfterTheLastTensor_Throws() =>
        AssertFault(Bytes.File(Good, 1, 2, 3, 4, 5), "goes on", "must end there");

    [TestMethod]
    public void Read_FaultInATensorWithALongName_QuotesItsBeginning()
    {
        var file = Bytes.File($$"""{"{{new string('n', 1_000_000)}}":[]}""");

        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(new MemoryStream(file)));

        Assert.IsLessThan(300, fault.Message.Length);
    }

    [TestMethod]
    public void Read_StreamFails_PassesTheFaultOn()
    {
        using var source = new FailingStream(Bytes.File(Good, 1, 2));

        Assert.ThrowsExactly<IOException>(() => WrittenTensors.Read(source));
    }

    private static byte[] Entry(string entry, params byte[] data) => Bytes.File($$"""{"x":{{entry}}}""", data);

    private static byte[] Two(int firstEnd, int secondBegin) => Bytes.File(
        $$"""
        {
          "a": { "dtype": "U8", "shape": [{{firstEnd}}], "data_offsets": [0, {{firstEnd}}] },
          "b": { "dtype": "U8", "shape": [2], "data_offsets": [{{secondBegin}}, {{secondBegin + 2}}] }
        }
        """,
        new byte[8]);

    private static void AssertFault(byte[] file, params string[] words)
    {
        var fault = Assert.ThrowsExactly<FormatException>(() => WrittenTensors.Read(new MemoryStream(file)));

        foreach (var word in words)
            Assert.Contains(word, fault.Message);
        Assert.EndsWith(".", fault.Message);
    }

    private sealed class FailingStream(byte[] start) : MemoryStream(start)
    {
        public override int Read(Span<byte> buffer) =>
            Position < Length ? base.Read(buffer) : throw new IOException("The connection is gone.");
    }
}
