using System.Runtime.InteropServices;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Onnx;

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
