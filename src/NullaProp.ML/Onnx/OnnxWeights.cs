using System.Runtime.InteropServices;
using System.Text;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Onnx;

/// <summary>
/// Reads the weights out of an ONNX file: the initializers of its graph that are of single precision. What the graph
/// computes is not looked at.
/// </summary>
internal static class OnnxWeights
{
    /// <summary>Reads a file.</summary>
    /// <param name="stream">Where from, to its end.</param>
    /// <returns>The weights by name, in the order of the file; initializers of other types are left out.</returns>
    /// <exception cref="FormatException">It is no ONNX file, is damaged, or keeps its weights in other files.</exception>
    public static IReadOnlyDictionary<string, HostTensor> Read(Stream stream)
    {
        var memory = new MemoryStream();
        try
        {
            stream.CopyTo(memory);
        }
        catch (IOException fault) when (stream.CanSeek && stream.Length > Array.MaxLength)
        {
            throw new FormatException(
                $"The ONNX file has {stream.Length} bytes, but a file of protocol buffers has less than 2 GiB.", fault);
        }

        var weights = new OrderedDictionary<string, HostTensor>(StringComparer.Ordinal);
        var model = new ProtobufFields(memory.GetBuffer().AsSpan(0, (int)memory.Length));
        var hasGraph = false;
        while (model.Read())
        {
            if (model.Field == OnnxFields.ModelGraph && model.Type == WireType.LengthDelimited)
            {
                AddWeights(weights, model.Bytes);
                hasGraph = true;
            }
        }

        return hasGraph ? weights : throw new FormatException("The file holds no ONNX graph.");
    }

    private static void AddWeights(OrderedDictionary<string, HostTensor> weights, ReadOnlySpan<byte> message)
    {
        var graph = new ProtobufFields(message);
        while (graph.Read())
        {
            if (graph.Field == OnnxFields.GraphInitializer && new StoredTensor(graph.Bytes) is { IsSingle: true } stored
                && !weights.TryAdd(stored.Name, stored.Values()))
            {
                throw new FormatException($"The ONNX file has two weights named '{stored.Name}'.");
            }
        }
    }

    // The fields of a tensor, as they stand in the file.
    private readonly ref struct StoredTensor
    {
        private readonly List<long> _shape = [];
        private readonly List<float> _listed = [];
        private readonly ReadOnlySpan<byte> _raw;
        private readonly bool _isElsewhere;

        public StoredTensor(ReadOnlySpan<byte> message)
        {
            Name = string.Empty;
            var tensor = new ProtobufFields(message);
            while (tensor.Read())
            {
                switch (tensor.Field)
                {
                    case OnnxFields.TensorDims:
                        tensor.AddNumbersTo(_shape);
                        break;
                    case OnnxFields.TensorType:
                        IsSingle = tensor.Number == (ulong)OnnxType.Single;
                        break;
                    case OnnxFields.TensorName:
                        Name = Encoding.UTF8.GetString(tensor.Bytes);
                        break;
                    case OnnxFields.TensorRawData:
                        _raw = tensor.Bytes;
                        break;
                    case OnnxFields.TensorSingles:
                        _listed.AddRange(tensor.Type == WireType.Fixed32
                            ? [BitConverter.UInt32BitsToSingle((uint)tensor.Number)]
                            : Singles(tensor.Bytes));
                        break;
                    case OnnxFields.TensorLocation:
                        _isElsewhere = tensor.Number != 0;
                        break;
                }
            }
        }

        public string Name { get; }

        public bool IsSingle { get; }

        public HostTensor Values()
        {
            if (_isElsewhere)
            {
                throw new FormatException(
                    $"The weight '{Name}' is in a file beside the ONNX file, but must be in it. Save the model as one file.");
            }

            var values = _raw.IsEmpty ? [.. _listed] : Singles(_raw);
            return Count() == values.Length
                ? new HostTensor([.. _shape], values)
                : throw new FormatException(
                    $"The weight '{Name}' is of shape ({string.Join(", ", _shape)}), but the file holds {values.Length} values of it.");
        }

        // A number that no array can have where the shape is impossible.
        private Int128 Count()
        {
            var count = (Int128)1;
            foreach (var size in _shape)
            {
                count = size < 0 || count > Array.MaxLength ? -1 : count * size;
            }

            return count;
        }

        private static float[] Singles(ReadOnlySpan<byte> bytes) => bytes.Length % sizeof(float) == 0
            ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
            : throw new FormatException($"The ONNX file has a weight of {bytes.Length} bytes, which are no whole number of values.");
    }
}
