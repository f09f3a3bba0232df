using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;

namespace NullaProp.ML.Interop;

/// <summary>
/// Scored data that <c>mlContext.Model.ConvertToOnnx</c> can follow back to its source. Without it ML.NET would take the scored data for
/// the source and write a graph that copies scores.
/// </summary>
/// <param name="source">The data that was scored.</param>
/// <param name="scored">The same with scores.</param>
/// <param name="convert">Writes what the model computes into ML.NET's graph, or says why it cannot.</param>
internal sealed class ConvertibleView(IDataView source, IDataView scored, Action<ConvertedGraph> convert) : ITransformCanSaveOnnx
{
    /// <inheritdoc/>
    public bool CanShuffle => scored.CanShuffle;

    /// <inheritdoc/>
    public DataViewSchema Schema => scored.Schema;

    /// <inheritdoc/>
    IDataView IDataTransform.Source => source;

    /// <inheritdoc/>
    public long? GetRowCount() => scored.GetRowCount();

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        scored.GetRowCursor(columnsNeeded, rand);

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        scored.GetRowCursorSet(columnsNeeded, n, rand);

    /// <inheritdoc/>
    /// <remarks>Always: where it is not so, converting says what to change, and ML.NET would only warn and copy its inputs.</remarks>
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => true;

    /// <inheritdoc/>
    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx) => convert(new ConvertedGraph(ctx, Schema));

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw UserFault.Of(new NotSupportedException(
            "Scored data is no model. Save the transformer that scored it with mlContext.Model.Save."));
}

/// <summary>The graph that ML.NET's converter to ONNX builds.</summary>
/// <param name="context">ML.NET's context.</param>
/// <param name="schema">The schema of the scored data.</param>
internal sealed class ConvertedGraph(OnnxContext context, DataViewSchema schema)
{
    private const int Opset = 12;

    /// <summary>Requires the operators of opset 12.</summary>
    /// <param name="name">What needs them.</param>
    public void RequireOpset(string name) => context.CheckOpSetVersion(Opset, name);

    /// <summary>Returns the name of the value that a column has in the graph.</summary>
    /// <param name="column">The column.</param>
    /// <exception cref="InvalidOperationException">What makes the column is not in the graph.</exception>
    public string Input(string column) => context.ContainsColumn(column)
        ? context.GetVariableName(column)
        : throw UserFault.Of(new InvalidOperationException(
            $"ML.NET cannot write what makes the column '{column}' into an ONNX graph. Where that is the loading and resizing of images, " +
            "call mlContext.Model.SaveNoPropAsOnnx with the same chain, whose graph starts at their pixels; else call SaveAsOnnx on the " +
            $"NoProp transformer (GetNoPropTransformer), whose graph starts at '{column}'."));

    /// <summary>Returns the name of the value that is to become a column of the scored data.</summary>
    /// <param name="column">The column.</param>
    public string Output(string column) => context.AddIntermediateVariable(schema[column].Type, column);

    /// <summary>Returns a name for a value on the way.</summary>
    /// <param name="name">What it starts with.</param>
    public string Value(string name) => context.AddIntermediateVariable(null, name, skip: true);

    /// <summary>Adds numbers of single precision.</summary>
    /// <param name="name">What their name starts with.</param>
    /// <param name="shape">The size of each dimension; none for a single number.</param>
    /// <param name="values">The numbers.</param>
    /// <returns>Their name.</returns>
    public string Singles(string name, long[] shape, float[] values) =>
        shape.Length == 0 ? context.AddInitializer(values[0], name) : context.AddInitializer(values, shape, name);

    /// <summary>Adds whole numbers.</summary>
    /// <param name="name">What their name starts with.</param>
    /// <param name="values">The numbers.</param>
    /// <returns>Their name.</returns>
    public string Integers(string name, long[] values) => context.AddInitializer(values, [values.Length], name);

    /// <summary>Adds a node.</summary>
    /// <param name="operation">ONNX's name of what it computes.</param>
    /// <param name="inputs">The names of what it reads.</param>
    /// <param name="output">The name of what it gives.</param>
    /// <param name="numbers">Its settings that are a number.</param>
    /// <param name="lists">Its settings that are a list.</param>
    public void Node(
        string operation,
        IEnumerable<string> inputs,
        string output,
        IEnumerable<KeyValuePair<string, long>> numbers,
        IEnumerable<KeyValuePair<string, long[]>> lists)
    {
        var node = context.CreateNode(operation, inputs, [output], context.GetNodeName(operation), domain: string.Empty);
        foreach (var (name, value) in numbers)
        {
            node.AddAttribute(name, value);
        }

        foreach (var (name, values) in lists)
        {
            node.AddAttribute(name, values);
        }
    }
}
