using System.Globalization;
using System.Numerics.Tensors;
using NullaProp.ML.Interop;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Onnx;

/// <summary>
/// A graph of ONNX while it is built: nodes in the order in which they compute, the numbers they need, and what goes in and comes
/// out. The first dimension of every input and output is N, the number of rows.
/// </summary>
/// <param name="precision">In which numbers matrices and kernels are stored.</param>
internal sealed class OnnxGraph(OnnxPrecision precision)
{
    /// <summary>What names of the graph's own start with, so that none is that of an input or output.</summary>
    public const char OwnPrefix = '/';

    private const string Rows = "N";

    private readonly List<ProtobufMessage> _inputs = [];
    private readonly List<ProtobufMessage> _outputs = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly HashSet<OnnxValue> _results = [];
    private readonly Dictionary<string, OnnxValue> _matrices = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<OnnxValue, OnnxTensor> _initializers = [];

    /// <summary>Adds an input.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">The size of each dimension behind the rows.</param>
    public OnnxValue Input(string name, OnnxType type, params long[] shape)
    {
        _inputs.Add(Description(name, type, shape));
        return new OnnxValue(name);
    }

    /// <summary>Makes a value one of the outputs.</summary>
    /// <param name="name">The output's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">The size of each dimension behind the rows.</param>
    public void Output(string name, OnnxValue value, OnnxType type, params long[] shape)
    {
        var result = new OnnxValue(name);
        _outputs.Add(Description(name, type, shape));
        _nodes.Add(new GraphNode("Identity", [value], result, []));
        _results.Add(result);
    }

    /// <summary>Adds a node.</summary>
    /// <param name="operation">ONNX's name of what it computes.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="attributes">Its whole numbers by name.</param>
    /// <returns>What it gives.</returns>
    public OnnxValue Node(string operation, IReadOnlyList<OnnxValue> inputs, params OnnxAttribute[] attributes)
    {
        var output = new OnnxValue(string.Create(CultureInfo.InvariantCulture, $"{OwnPrefix}{operation}_{_nodes.Count}"));
        _nodes.Add(new GraphNode(operation, inputs, output, attributes));
        return output;
    }

    /// <summary>Returns a matrix or the kernels of a convolution, stored in the numbers that the graph was made for.</summary>
    /// <param name="name">A name that nothing else has; what has it already is not added again.</param>
    /// <param name="tensor">The values.</param>
    /// <exception cref="InvalidOperationException">A value is too large for half precision.</exception>
    public OnnxValue Matrix(string name, HostTensor tensor)
    {
        if (precision == OnnxPrecision.Full)
        {
            return Tensor(name, tensor.Shape, tensor.Values);
        }

        if (!_matrices.TryGetValue(name, out var matrix))
        {
            matrix = _matrices[name] = this.Cast(Add(name, OnnxType.Half, tensor.Shape, Halves(name, tensor.Values)), OnnxType.Single);
        }

        return matrix;
    }

    /// <summary>Returns numbers of single precision.</summary>
    /// <param name="name">A name that nothing else has; what has it already is not added again.</param>
    /// <param name="shape">The size of each dimension.</param>
    /// <param name="values">The values; they stay as they are until the graph is written.</param>
    public OnnxValue Tensor(string name, long[] shape, float[] values) =>
        Add(name, OnnxType.Single, shape, values);

    /// <summary>Returns a number of single precision, which meets tensors of any shape.</summary>
    /// <param name="value">The number.</param>
    public OnnxValue Scalar(double value) => Tensor(string.Create(CultureInfo.InvariantCulture, $"{(float)value:R}"), [], [(float)value]);

    /// <summary>Returns whole numbers.</summary>
    /// <param name="values">The numbers.</param>
    public OnnxValue Integers(params long[] values) => Add($"[{string.Join(",", values)}]", OnnxType.Int64, [values.Length], values);

    /// <summary>Returns ONNX's GraphProto: the nodes that an output needs, and the numbers that these need.</summary>
    /// <param name="name">The graph's name.</param>
    public ProtobufMessage ToMessage(string name)
    {
        var graph = new ProtobufMessage();
        var needed = Needed();
        foreach (var node in _nodes.Where(node => needed.Contains(node.Output)))
        {
            graph.Message(OnnxFields.GraphNode, node.ToMessage());
        }

        graph.Text(OnnxFields.GraphName, name);
        foreach (var (value, tensor) in _initializers.Where(initializer => needed.Contains(initializer.Key)))
        {
            graph.Message(OnnxFields.GraphInitializer, tensor.ToMessage(value));
        }

        _inputs.ForEach(input => graph.Message(OnnxFields.GraphInput, input));
        _outputs.ForEach(output => graph.Message(OnnxFields.GraphOutput, output));
        return graph;
    }

    /// <summary>
    /// Adds the same nodes and numbers to a graph of ML.NET's: an input is the column of its name, an output becomes one.
    /// </summary>
    /// <param name="target">ML.NET's graph.</param>
    public void CopyTo(ConvertedGraph target)
    {
        var needed = Needed();
        var names = new Dictionary<OnnxValue, string>();
        foreach (var (value, tensor) in _initializers.Where(initializer => needed.Contains(initializer.Key)))
        {
            names.Add(value, tensor.CopyTo(target, value));
        }

        foreach (var node in _nodes.Where(node => needed.Contains(node.Output)))
        {
            foreach (var input in node.Inputs.Where(input => !names.ContainsKey(input)))
            {
                names.Add(input, target.Input(input.Name)); // what no node before gave
            }

            names.Add(node.Output, _results.Contains(node.Output) ? target.Output(node.Output.Name) : target.Value(node.Output.Name));
            node.CopyTo(target, names);
        }
    }

    // A plan's last step, for one, leads to a state that nothing may read.
    private HashSet<OnnxValue> Needed()
    {
        HashSet<OnnxValue> needed = [.. _results];
        foreach (var node in Enumerable.Reverse(_nodes).Where(node => needed.Contains(node.Output)))
        {
            needed.UnionWith(node.Inputs);
        }

        return needed;
    }

    private OnnxValue Add(string name, OnnxType type, long[] shape, Array values)
    {
        var value = new OnnxValue($"{OwnPrefix}{name}");
        _initializers.TryAdd(value, new OnnxTensor(type, shape, values));
        return value;
    }

    private static Half[] Halves(string name, float[] values)
    {
        var halves = new Half[values.Length];
        TensorPrimitives.ConvertToHalf(values, halves);
        return Array.TrueForAll(halves, Half.IsFinite)
            ? halves
            : throw new InvalidOperationException(
                $"The weight '{name}' holds a value that half precision cannot hold; its largest is {Half.MaxValue}. " +
                $"Export with {nameof(OnnxExport.Weights)} = {nameof(OnnxPrecision)}.{nameof(OnnxPrecision.Full)}.");
    }

    // ONNX's ValueInfoProto.
    private static ProtobufMessage Description(string name, OnnxType type, long[] shape)
    {
        var (dimensions, rows) = (new ProtobufMessage(), new ProtobufMessage());
        rows.Text(OnnxFields.DimensionName, Rows);
        dimensions.Message(OnnxFields.ShapeDimension, rows);
        foreach (var size in shape)
        {
            var dimension = new ProtobufMessage();
            dimension.Number(OnnxFields.DimensionValue, size);
            dimensions.Message(OnnxFields.ShapeDimension, dimension);
        }

        var (value, kind, tensor) = (new ProtobufMessage(), new ProtobufMessage(), new ProtobufMessage());
        tensor.Number(OnnxFields.TensorTypeElement, (long)type);
        tensor.Message(OnnxFields.TensorTypeShape, dimensions);
        kind.Message(OnnxFields.TypeTensor, tensor);
        value.Text(OnnxFields.ValueName, name);
        value.Message(OnnxFields.ValueType, kind);
        return value;
    }
}

/// <summary>A tensor that a graph computes or holds.</summary>
/// <param name="Name">Its name in the graph.</param>
internal readonly record struct OnnxValue(string Name);
