using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

if (args is not ([_] or [_, _] or [_, _, _]))
{
    await Console.Error.WriteLineAsync("Usage: NullaProp.ML.LoadProbe MODEL.zip [DATA.idv [COPY.zip]]");
    return 2;
}

try
{
    var context = new MLContext();
    var model = context.Model.Load(args[0], out var schema);
    foreach (var column in schema)
        Console.WriteLine(column.Name);
    if (args is [_, _, var copy])
    {
        context.Model.Save(model, schema, copy);
        model = context.Model.Load(copy, out schema);
    }

    if (args is [_, var dataPath, ..])
        WriteScores(model.Transform(context.Data.LoadFromBinary(dataPath)));
    return 0;
}
catch (Exception exception)
{
    for (var cause = exception; cause is not null; cause = cause.InnerException)
        await Console.Error.WriteLineAsync(cause.Message);
    return 1;
}

// One line a row: "Score: 0.25 0.5 0.25", so precise that reading it back gives the same numbers. "Disagreement: 0.5" after all of them,
// where the model has it.
static void WriteScores(IDataView scored)
{
    foreach (var row in scored.GetColumn<float[]>("Score"))
        Console.WriteLine($"Score: {string.Join(' ', row.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}");
    if (scored.Schema.GetColumnOrNull("Disagreement") is not null)
    {
        foreach (var share in scored.GetColumn<float>("Disagreement"))
            Console.WriteLine($"Disagreement: {share.ToString("R", CultureInfo.InvariantCulture)}");
    }
}
