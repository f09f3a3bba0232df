// Trains a classifier on a table and says how much each column matters.
//
//     dotnet run tabular.cs -- TABLE.csv [LABEL] [MODEL.zip]
//
// TABLE.csv begins with the names of its columns. LABEL is the one to predict, the last where none is named; all others are features,
// numbers or words.
//
// Outside of this repository, change the first two "#:" lines: "#:package NullaProp.ML@*-*" and "#:package libtorch-cpu-linux-x64@2.10.0"
// (or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64). The last one is for ML.NET, which makes code at run time.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:property PublishAot=false

using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML;

if (args is not [var csvPath, ..])
    return Fail("Name a table: dotnet run tabular.cs -- TABLE.csv [LABEL] [MODEL.zip]");
if (!File.Exists(csvPath))
    return Fail($"There is no file '{csvPath}'.");
var columns = File.ReadLines(csvPath).FirstOrDefault("").Split(',').Select(name => name.Trim().Trim('"')).ToArray();
var labelName = args is [_, var name, ..] ? name : columns[^1];
var label = Array.IndexOf(columns, labelName);
if (label < 0)
    return Fail($"'{csvPath}' has no column '{labelName}', but {string.Join(", ", columns)}.");

if (labelName != "Label" && columns.Contains("Label"))
    return Fail($"'{csvPath}' has a column 'Label' beside '{labelName}', whose name the program needs. Call it otherwise.");

var mlContext = new MLContext(seed: 1);
IDataView Load(Func<int, DataKind> kind) => mlContext.Data.LoadFromTextFile(csvPath, new TextLoader.Options
{
    Separators = [','],
    HasHeader = true,
    AllowQuoting = true,
    MissingRealsAsNaNs = true, // Else an empty cell would be 0, without a word.
    Columns = [.. columns.Select((column, index) => new TextLoader.Column(index == label ? "Label" : column, kind(index), index))],
});

// A column of words is one in which most cells are no numbers. The importance below names columns, and each word of such a one.
var texts = Load(_ => DataKind.String);
string[] features = [.. columns.Where((_, index) => index != label)];
string[] words = [.. features.Where(AreWords)];
if (words.Where(IsOfRows).ToArray() is { Length: > 0 } names)
{
    Console.WriteLine($"Left out, for nearly every row has a word of its own there: {string.Join(", ", names)}.");
    (features, words) = ([.. features.Except(names)], [.. words.Except(names)]);
}

string[] numbers = [.. features.Except(words)];
var table = Load(index => index == label || words.Contains(columns[index]) ? DataKind.String : DataKind.Single);
var whole = numbers.Length == 0 ? table : mlContext.Data.FilterRowsByMissingValues(table, numbers);
if (Rows(table) - Rows(whole) is var gaps and > 0)
    Console.WriteLine($"Left out because of an empty cell, or a text where a number should be: {gaps} of {Rows(table)} rows.");
if (features.Length == 0 || Rows(whole) == 0)
    return Fail($"'{csvPath}' has nothing to learn from: {(features.Length == 0 ? "no column is left" : "no row is whole")}.");
var split = mlContext.Data.TrainTestSplit(whole, testFraction: 0.25);

// The network brings every feature to mean 0 and deviation 1 by itself. Gaps that shall not leave a row out: ReplaceMissingValues.
var encoding = words.Select(column => new InputOutputColumnPair(column)).ToArray();
IEstimator<ITransformer> steps = mlContext.Transforms.Conversion.MapValueToKey("Label");
if (encoding.Length > 0)
    steps = steps.Append(mlContext.Transforms.Categorical.OneHotEncoding(encoding));
steps = steps.Append(mlContext.Transforms.Concatenate("Features", features));
using var model = steps.Append(mlContext.MulticlassClassification.Trainers.NoProp(NoPropOptions.Tables)).Fit(split.TrainSet);

var scored = model.Transform(split.TestSet);
var metrics = mlContext.MulticlassClassification.Evaluate(scored);
Console.WriteLine($"On the quarter held back: accuracy {metrics.MicroAccuracy:P1}, log-loss {metrics.LogLoss:0.000}.");
Console.WriteLine();
Console.WriteLine("By how much the log-loss grows where a column, or a word of one, is shuffled, mean of ten times ± its standard error:");
var importance = mlContext.MulticlassClassification.PermutationFeatureImportance(model, scored, permutationCount: 10);
foreach (var (feature, change) in importance.OrderByDescending(pair => pair.Value.LogLoss.Mean))
    Console.WriteLine($"  {feature,-24} {change.LogLoss.Mean,8:0.000} ± {change.LogLoss.StandardError:0.000}");

if (args is [_, _, var modelPath, ..])
{
    mlContext.Model.SaveAtomically(model, table.Schema, modelPath);
    Console.WriteLine($"Saved {modelPath}.");
}

return 0;

bool AreWords(string column)
{
    var cells = texts.GetColumn<string>(column).Where(cell => cell.Length > 0).ToList();
    return 2 * cells.Count(cell => !float.TryParse(cell, CultureInfo.InvariantCulture, out _)) > cells.Count;
}

bool IsOfRows(string column) => 2 * texts.GetColumn<string>(column).Distinct().Count() > Rows(texts);

static int Rows(IDataView data) => data.GetColumn<string>("Label").Count();

static int Fail(string sentence)
{
    Console.Error.WriteLine(sentence);
    return 1;
}
