using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>A column that is made of another one, row by row: what ML.NET's machinery of such transforms wants to know.</summary>
/// <param name="transformer">Who makes it.</param>
/// <param name="source">The column that it is made of.</param>
/// <param name="added">The new column.</param>
/// <param name="getter">Returns the getter of a row, and what frees the last value.</param>
internal sealed class AddedColumn(
    ITransformer transformer,
    DataViewSchema.Column source,
    DataViewSchema.DetachedColumn added,
    Func<DataViewRow, (Delegate Getter, Action Free)> getter) : IRowMapper
{
    /// <summary>Returns data with the column.</summary>
    /// <param name="host">Where the transformer lives.</param>
    /// <param name="input">The data.</param>
    /// <param name="bind">Returns the column for data of a schema.</param>
    public static IDataView To(IHost host, IDataView input, Func<DataViewSchema, AddedColumn> bind) =>
        new RowToRowMapperTransform(host, input, bind(input.Schema), bind);

    /// <summary>Returns what adds the column to single rows.</summary>
    /// <param name="host">Where the transformer lives.</param>
    /// <param name="schema">The schema of the rows.</param>
    /// <param name="bind">Returns the column for data of a schema.</param>
    public static IRowToRowMapper To(IHost host, DataViewSchema schema, Func<DataViewSchema, AddedColumn> bind) =>
        new RowToRowMapperTransform(host, new EmptyDataView(host, schema), bind(schema), bind);

    /// <inheritdoc/>
    DataViewSchema.DetachedColumn[] IRowMapper.GetOutputColumns() => [added];

    /// <inheritdoc/>
    Func<int, bool> IRowMapper.GetDependencies(Func<int, bool> activeOutput) => column => activeOutput(0) && column == source.Index;

    /// <inheritdoc/>
    Delegate[] IRowMapper.CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer)
    {
        if (!activeOutput(0))
        {
            disposer = static () => { };
            return [null!]; // as ML.NET asks for columns that nobody reads
        }

        (var made, disposer) = getter(input);
        return [made];
    }

    /// <inheritdoc/>
    ITransformer IRowMapper.GetTransformer() => transformer;

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) => ((ICanSaveModel)transformer).Save(ctx);
}
