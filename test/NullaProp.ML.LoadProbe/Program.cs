using Microsoft.ML;

if (args is not [var modelPath])
{
    await Console.Error.WriteLineAsync("Usage: NullaProp.ML.LoadProbe MODEL.zip");
    return 2;
}

try
{
    new MLContext().Model.Load(modelPath, out var schema);
    foreach (var column in schema)
        Console.WriteLine(column.Name);
    return 0;
}
catch (Exception exception)
{
    for (var cause = exception; cause is not null; cause = cause.InnerException)
        await Console.Error.WriteLineAsync(cause.Message);
    return 1;
}
