using System.Globalization;
using System.Runtime.InteropServices;
using NullaProp.ML.Interop;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Onnx;

/// <summary>
/// Writes a graph as an ONNX file: opset 12, which every ONNX runtime in use today reads. The same graph gives the same
/// bytes.
/// </summary>
internal static class OnnxFile
{
    private const int IrVersion = 7; // of ONNX 1.7, which brought opset 12
    private const int Opset = 12;
    private const string Producer = "NullaProp.ML";

    /// <summary>Writes a file.</summary>
    /// <param name="stream">Where to; it need not seek.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="metadata">Texts by name.</param>
    /// <exception cref="InvalidOperationException">It would be larger than such a file can be; nothing is written.</exception>
    public static void Write(Stream stream, OnnxGraph graph, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var (model, opset) = (new ProtobufMessage(), new ProtobufMessage());
        opset.Number(OnnxFields.OpsetVersion, Opset);
        model.Number(OnnxFields.ModelIrVersion, IrVersion);
        model.Text(OnnxFields.ModelProducerName, Producer);
        model.Text(OnnxFields.ModelProducerVersion, ModelFile.LibraryVersion);
        model.Message(OnnxFields.ModelGraph, graph.ToMessage(Producer));
        model.Message(OnnxFields.ModelOpsetImport, opset);
        foreach (var (name, text) in metadata)
        {
            var entry = new ProtobufMessage();
            entry.Text(OnnxFields.EntryKey, name);
            entry.Text(OnnxFields.EntryValue, text);
            model.Message(OnnxFields.ModelMetadata, entry);
        }

        RequireFits(model.Length);
        model.WriteTo(stream);
    }

    private static void RequireFits(long length)
    {
        if (length > int.MaxValue)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The ONNX file would have {length} bytes, but can have {int.MaxValue} at most. " +
                $"Export with {nameof(OnnxExport.Weights)} = {nameof(OnnxPrecision)}.{nameof(OnnxPrecision.Half)}, " +
                $"or train a smaller backbone or fewer blocks."));
        }
    }
}

/// <summary>Numbers that a graph holds.</summary>
/// <param name="Type">Their type.</param>
/// <param name="Shape">The size of each dimension.</param>
/// <param name="Values">An array of that type; it stays as it is until the graph is written.</param>
internal sealed record OnnxTensor(OnnxType Type, long[] Shape, Array Values)
{
    /// <summary>Returns ONNX's TensorProto.</summary>
    /// <param name="value">The tensor's name.</param>
    public ProtobufMessage ToMessage(OnnxValue value)
    {
        var tensor = new ProtobufMessage();
        tensor.Numbers(OnnxFields.TensorDims, Shape);
        tensor.Number(OnnxFields.TensorType, (long)Type);
        tensor.Text(OnnxFields.TensorName, value.Name);
        tensor.Bytes(OnnxFields.TensorRawData, Bytes().Length, stream => stream.Write(Bytes()));
        return tensor;
    }

    /// <summary>Adds the numbers to a graph of ML.NET's, which has no half precision.</summary>
    /// <param name="target">ML.NET's graph.</param>
    /// <param name="value">The tensor's name.</param>
    /// <returns>Its name there.</returns>
    public string CopyTo(ConvertedGraph target, OnnxValue value) => Values switch
    {
        float[] singles => target.Singles(value.Name, Shape, singles),
        long[] integers => target.Integers(value.Name, integers),
        _ => throw new NotSupportedException($"ML.NET's graph holds no {Type}."),
    };

    private ReadOnlySpan<byte> Bytes() => Values switch
    {
        float[] singles => MemoryMarshal.AsBytes(singles.AsSpan()),
        long[] integers => MemoryMarshal.AsBytes(integers.AsSpan()),
        Half[] halves => MemoryMarshal.AsBytes(halves.AsSpan()),
        _ => throw new NotSupportedException($"Say here what the bytes of {Type} are."),
    };
}
