using System.Text.Json.Nodes;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

/// <summary>Tensors to write and to read, and files of other programs.</summary>
internal static class WrittenTensors
{
    /// <summary>Returns the bytes that the library writes.</summary>
    public static byte[] Written(params IEnumerable<KeyValuePair<string, HostTensor>> tensors)
    {
        var target = new MemoryStream();
        SafeTensors.Write(target, [.. tensors.Select(Named)]);
        return target.ToArray();
    }

    public static NamedTensor Named(KeyValuePair<string, HostTensor> tensor) => new(tensor.Key, tensor.Value.Shape, () => tensor.Value);

    /// <summary>Returns all that the library reads: every tensor of fractions.</summary>
    public static OrderedDictionary<string, HostTensor> Read(
        Stream stream,
        int longestHeader = SafeTensors.LongestHeader,
        long largestData = SafeTensors.LargestData)
    {
        var header = SafeTensors.ReadHeader(stream, longestHeader, largestData);
        var fractions = header.Entries.Where(entry => entry.Type.ToSingles is not null).Select(entry => entry.Name).ToHashSet();
        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var (name, value) in SafeTensors.ReadTensors(stream, header, fractions.Contains))
        {
            tensors.Add(name, value);
        }

        return tensors;
    }

    /// <summary>Every bit pattern may come up, so not-a-numbers with all payloads, infinities and denormal numbers do, too.</summary>
    public static HostTensor Patterned(params long[] shape)
    {
        var random = new Random(1);
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        return new HostTensor(shape, [.. values.Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)))]);
    }

    /// <summary>Fails unless shape and every bit are the same.</summary>
    public static void AssertSame(HostTensor expected, HostTensor found)
    {
        CollectionAssert.AreEqual(expected.Shape, found.Shape);
        CollectionAssert.AreEqual(
            Array.ConvertAll(expected.Values, BitConverter.SingleToInt32Bits),
            Array.ConvertAll(found.Values, BitConverter.SingleToInt32Bits));
    }

    /// <summary>Returns a file of tensors of any type, put together as the format says and not by the library.</summary>
    public static byte[] Foreign(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        var header = new JsonObject();
        var data = new List<byte>();
        foreach (var (name, tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            var bytes = tensor.detach().cpu().contiguous().bytes.ToArray();
            header[name] = new JsonObject
            {
                ["dtype"] = TypeName(tensor.dtype),
                ["shape"] = new JsonArray([.. tensor.shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(data.Count, data.Count + bytes.Length),
            };
            data.AddRange(bytes);
        }

        return Bytes.File(header.ToJsonString(), [.. data]);
    }

    private static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Int64 => "I64",
        ScalarType.Byte => "U8",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
