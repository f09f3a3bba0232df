namespace NullaProp.ML.Onnx;

/// <summary>One computation of a graph.</summary>
/// <param name="Operation">ONNX's name of what it computes.</param>
/// <param name="Inputs">What it reads.</param>
/// <param name="Output">What it gives.</param>
/// <param name="Attributes">Its settings.</param>
internal sealed record OnnxNode(
    string Operation, IReadOnlyList<OnnxValue> Inputs, OnnxValue Output, IReadOnlyList<OnnxAttribute> Attributes)
{
    /// <summary>Returns ONNX's NodeProto.</summary>
    public ProtobufMessage ToMessage()
    {
        var node = new ProtobufMessage();
        foreach (var input in Inputs)
        {
            node.Text(OnnxFields.NodeInput, input.Name);
        }

        node.Text(OnnxFields.NodeOutput, Output.Name);
        node.Text(OnnxFields.NodeName, Output.Name);
        node.Text(OnnxFields.NodeOperation, Operation);
        foreach (var attribute in Attributes)
        {
            node.Message(OnnxFields.NodeAttribute, attribute.ToMessage());
        }

        return node;
    }
}

/// <summary>A setting of a node: a whole number, or a list of them.</summary>
internal readonly record struct OnnxAttribute
{
    private const long NumberType = 2; // AttributeProto.AttributeType
    private const long NumbersType = 7;

    private readonly string _name;
    private readonly long[] _values;
    private readonly long _type;

    /// <summary>Makes a number.</summary>
    /// <param name="name">ONNX's name of the setting.</param>
    /// <param name="value">The number.</param>
    public OnnxAttribute(string name, long value) => (_name, _values, _type) = (name, [value], NumberType);

    /// <summary>Makes a list.</summary>
    /// <param name="name">ONNX's name of the setting.</param>
    /// <param name="values">The numbers.</param>
    public OnnxAttribute(string name, long[] values) => (_name, _values, _type) = (name, values, NumbersType);

    /// <summary>Returns ONNX's AttributeProto.</summary>
    public ProtobufMessage ToMessage()
    {
        var attribute = new ProtobufMessage();
        attribute.Text(OnnxFields.AttributeName, _name);
        attribute.Numbers(_type == NumberType ? OnnxFields.AttributeNumber : OnnxFields.AttributeNumbers, _values);
        attribute.Number(OnnxFields.AttributeType, _type);
        return attribute;
    }
}
