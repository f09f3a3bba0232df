using NullaProp.ML.Storage;
using TorchSharp;
using static NullaProp.ML.Tests.Storage.WrittenTensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

/// <summary>What is written, and what is refused before the first byte.</summary>
[TestClass]
public sealed class SafeTensorsWriteTests
{
    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

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
}
