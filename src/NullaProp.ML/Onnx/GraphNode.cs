using NullaProp.ML.Interop;

namespace NullaProp.ML.Onnx;

/// <summary>One computation of a graph.</summary>
/// <param name="Operation">ONNX's name of what it computes.</param>
/// <param name="Inputs">What it reads.</param>
/// <param name="Output">What it gives.</param>
/// <param name="Attributes">Its settings.</param>
internal sealed record GraphNode(
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

    /// <summary>Adds the same to a graph of ML.NET's.</summary>
    /// <param name="target">ML.NET's graph.</param>
    /// <param name="names">What the values are called there.</param>
    public void CopyTo(ConvertedGraph target, IReadOnlyDictionary<OnnxValue, string> names) => target.Node(
        Operation,
        Inputs.Select(input => names[input]),
        names[Output],
        Attributes.Where(attribute => !attribute.IsList).Select(attribute => KeyValuePair.Create(attribute.Name, attribute.Values[0])),
        Attributes.Where(attribute => attribute.IsList).Select(attribute => KeyValuePair.Create(attribute.Name, attribute.Values)));
}

/// <summary>A setting of a node: a whole number, or a list of them.</summary>
internal readonly record struct OnnxAttribute
{
    private const long NumberType = 2; // AttributeProto.AttributeType
    private const long NumbersType = 7;

    /// <summary>Makes a number.</summary>
    /// <param name="name">ONNX's name of the setting.</param>
    /// <param name="value">The number.</param>
    public OnnxAttribute(string name, long value) => (Name, Values) = (name, [value]);

    /// <summary>Makes a list.</summary>
    /// <param name="name">ONNX's name of the setting.</param>
    /// <param name="values">The numbers.</param>
    public OnnxAttribute(string name, long[] values) => (Name, Values, IsList) = (name, values, true);

    /// <summary>Gets ONNX's name of the setting.</summary>
    public string Name { get; }

    /// <summary>Gets the number, or those of the list.</summary>
    public long[] Values { get; }

    /// <summary>Gets a value indicating whether it is a list.</summary>
    public bool IsList { get; }

    /// <summary>Returns ONNX's AttributeProto.</summary>
    public ProtobufMessage ToMessage()
    {
        var attribute = new ProtobufMessage();
        attribute.Text(OnnxFields.AttributeName, Name);
        attribute.Numbers(IsList ? OnnxFields.AttributeNumbers : OnnxFields.AttributeNumber, Values);
        attribute.Number(OnnxFields.AttributeType, IsList ? NumbersType : NumberType);
        return attribute;
    }
}
