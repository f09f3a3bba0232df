// Loads a model that photos.cs or the samples program has saved, and names the class of pictures.
//
//     dotnet run predict.cs -- MODEL.zip PICTURE…
//
// Outside of this repository, change the first two "#:" lines: "#:package NullaProp.ML@*-*" and "#:package libtorch-cpu-linux-x64@2.10.0"
// (or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64; to predict, only a network of your own needs it). The last one is for ML.NET, which
// makes code at run time.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:property PublishAot=false

using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML;

if (args is not [var modelPath, _, ..])
{
    Console.Error.WriteLine("Name a model and pictures: dotnet run predict.cs -- MODEL.zip PICTURE…");
    return 1;
}

try
{
    NoPropModelFile.Check(modelPath); // says in a sentence what is wrong with the file
}
catch (Exception fault) when (fault is IOException or FormatException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}

var mlContext = new MLContext();
var model = mlContext.Model.Load(modelPath, out var input);
if (input.GetColumnOrNull("ImagePath") is null)
{
    Console.Error.WriteLine($"The model '{modelPath}' reads no column ImagePath: it is not for picture files.");
    return 1;
}

using var engine = mlContext.Model.CreatePredictionEngine<Photo, Prediction>(model);
VBuffer<ReadOnlyMemory<char>> classNames = default;
engine.OutputSchema["Score"].GetSlotNames(ref classNames); // in the order of the scores

var exitCode = 0;
foreach (var path in args[1..])
{
    try
    {
        var prediction = engine.Predict(new Photo { ImagePath = path });
        var mostLikely = classNames.DenseValues().Zip(prediction.Score).OrderByDescending(pair => pair.Second).Take(3);
        Console.WriteLine($"{path}: {string.Join(", ", mostLikely.Select(pair => $"{pair.First} {pair.Second:P1}"))}");
    }
    catch (Exception exception)
    {
        // ML.NET wraps the sentence about the file. One bad file is no reason to keep back what the others show.
        Console.Error.WriteLine(exception.GetBaseException().Message);
        exitCode = 1;
    }
}

return exitCode;

internal sealed class Photo
{
    public string ImagePath { get; init; } = "";
}

internal sealed class Prediction
{
    public float[] Score { get; set; } = [];

    public string PredictedLabel { get; set; } = "";
}
