using NullaProp.ML.Onnx;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Onnx;

[TestClass]
public sealed class OnnxWeightsTests
{
    // graph { initializer { dims: [2, 1] packed, data_type: FLOAT, float_data: 1, 2 packed, name: "w" } }, by hand
    private static readonly byte[] Packed =
        [0x3A, 21, 0x2A, 19, 0x0A, 2, 2, 1, 0x10, 1, 0x22, 8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0x42, 1, (byte)'w'];

    // The same with a field for every number.
    private static readonly byte[] Unpacked =
        [0x3A, 21, 0x2A, 19, 0x08, 2, 0x08, 1, 0x10, 1, 0x25, 0, 0, 0x80, 0x3F, 0x25, 0, 0, 0, 0x40, 0x42, 1, (byte)'w'];

    // The same with raw_data.
    private static readonly byte[] Raw =
        [0x3A, 21, 0x2A, 19, 0x08, 2, 0x08, 1, 0x10, 1, 0x4A, 8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0x42, 1, (byte)'w'];

    public static IEnumerable<object[]> Forms => [[Packed], [Unpacked], [Raw]];

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Read_EveryFormOfATensor_GivesNameShapeAndValues(byte[] file)
    {
        var (name, weight) = OnnxWeights.Read(new MemoryStream(file)).Single();

        Assert.AreEqual("w", name);
        CollectionAssert.AreEqual(new long[] { 2, 1 }, weight.Shape);
        CollectionAssert.AreEqual(new float[] { 1, 2 }, weight.Values);
    }

    [TestMethod]
    public void Read_WrittenGraph_GivesItsSinglesInTheirOrder()
    {
        var graph = new OnnxGraph(OnnxPrecision.Full);
        HostTensor second = new([2, 3], [1, 2, 3, 4, 5, 6]);
        var x = graph.Reshape(graph.Input("x", OnnxType.Single, 3), 3);
        graph.Output("y", graph.Product(x, "b", second, graph.Tensor("a", [2], [7, 8])), OnnxType.Single, 2);

        var weights = OnnxWeights.Read(new MemoryStream(OnnxRun.File(graph)));

        CollectionAssert.AreEqual(new[] { "/a", "/b" }, weights.Keys.ToArray());
        CollectionAssert.AreEqual(second.Values, weights["/b"].Values);
    }

    // Wherever a file is cut off: one clear kind of exception, or fewer weights where a whole field is missing.
    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Read_TruncatedFile_IsRefused(byte[] file)
    {
        for (var length = 0; length < file.Length; length++)
        {
            Assert.ThrowsExactly<FormatException>(() => OnnxWeights.Read(new MemoryStream(file, 0, length)), $"{length} bytes");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Read_AnyByteChanged_IsRefusedOrRead(byte[] file)
    {
        var (read, refused) = (0, 0);
        for (var i = 0; i < file.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. file];
                damaged[i] ^= (byte)(1 << bit);
                try
                {
                    foreach (var (_, weight) in OnnxWeights.Read(new MemoryStream(damaged)))
                    {
                        Assert.HasCount((int)weight.Shape.Aggregate(1L, (count, size) => count * size), weight.Values);
                    }

                    read++;
                }
                catch (FormatException fault)
                {
                    Assert.IsNotEmpty(fault.Message);
                    refused++;
                }
            }
        }

        // Each bit of the two numbers leaves a tensor; of the lengths and tags around them, few do.
        Assert.IsGreaterThanOrEqualTo(8 * 8, read);
        Assert.IsGreaterThanOrEqualTo(8 * 4, refused);
    }

    [TestMethod]
    public void Read_NoModel_SaysSo()
    {
        var fault = Assert.ThrowsExactly<FormatException>(() => OnnxWeights.Read(new MemoryStream("no model at all"u8.ToArray())));

        Assert.IsNotEmpty(fault.Message);
    }

    [TestMethod]
    public void Read_WeightsInAnotherFile_SaysSo()
    {
        byte[] file = [0x3A, 11, 0x2A, 9, 0x08, 1, 0x10, 1, 0x70, 1, 0x42, 1, (byte)'w'];

        var fault = Assert.ThrowsExactly<FormatException>(() => OnnxWeights.Read(new MemoryStream(file)));

        StringAssert.Contains(fault.Message, "'w' is in a file beside");
    }
}
