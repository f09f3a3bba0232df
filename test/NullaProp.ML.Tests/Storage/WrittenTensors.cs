using NullaProp.ML.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

/// <summary>Tensors to write, and what to hold against them afterwards.</summary>
internal static class WrittenTensors
{
    /// <summary>Returns the bytes of a file.</summary>
    public static byte[] Written(IEnumerable<KeyValuePair<string, Tensor>> tensors, Dictionary<string, string>? metadata = null)
    {
        var target = new MemoryStream();
        SafeTensors.Write(target, tensors, metadata);
        return target.ToArray();
    }

    /// <summary>Every 16-bit pattern may come up, so not-a-numbers with all payloads, infinities and denormal numbers do, too.</summary>
    public static Tensor Patterned(long[] shape, ScalarType type)
    {
        var values = empty(shape, type, CPU);
        var bytes = new byte[values.NumberOfElements * values.ElementSize];
        new Random(1).NextBytes(bytes);
        if (type == ScalarType.Bool)
            bytes = [.. bytes.Select(value => (byte)(value & 1))];
        values.bytes = bytes;
        return values;
    }

    /// <summary>Fails unless type, shape and every bit are the same.</summary>
    public static void AssertSame(Tensor expected, Tensor found)
    {
        Assert.AreEqual(expected.dtype, found.dtype);
        Assert.AreEqual(DeviceType.CPU, found.device_type);
        CollectionAssert.AreEqual(expected.shape, found.shape);
        Assert.IsTrue(expected.bytes.SequenceEqual(found.bytes));
    }
}
