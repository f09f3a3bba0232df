// Trains a classifier on your own photos and saves it.
//
//     dotnet run photos.cs -- PHOTOS [MODEL.zip] [--small]
//
// PHOTOS holds a folder for each class, with JPEG, PNG, WebP, BMP or GIF files in it or in folders below it. The photos are read by a
// network that knows photos already, of which some dozens a class will do; with --small a little one is trained from nothing, for drawings
// and icons.
//
// Outside of this repository, change the first two "#:" lines: "#:package NullaProp.ML@*-*" and "#:package libtorch-cpu-linux-x64@2.10.0"
// (or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64). The last one is for ML.NET, which makes code at run time.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:package Microsoft.ML.DnnImageFeaturizer.ResNet18@0.23.1
#:property PublishAot=false

using Microsoft.ML;
using NullaProp.ML;

var names = args.Where(argument => !argument.StartsWith('-')).ToArray();
if (names is not [var folder, ..])
    return Fail("Name a folder that has a folder of photos for each class: dotnet run photos.cs -- PHOTOS [MODEL.zip] [--small]");
var modelPath = names is [_, var path, ..] ? path : "model.zip";
var (side, options) = args.Contains("--small")
    ? (32, new NoPropOptions { Epochs = 20, BatchSize = 16 })
    : (224, NoPropOptions.Photos);

var mlContext = new MLContext(seed: 1);
mlContext.Log += (_, log) => { if (log.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Warning) Console.WriteLine(log.Message); };
ImageFolder photos, training, test;
try
{
    photos = mlContext.Data.LoadImageFolder(folder);
    (training, test) = photos.Split(0.2);
}
catch (Exception fault) when (fault is InvalidOperationException or IOException)
{
    return Fail(fault.Message); // It names all broken files at once, and classes without photos.
}

Console.WriteLine($"{photos.Files.Count} photos, a fifth of each class held back to test on.");
var pipeline = mlContext.Transforms.LoadImageFiles("Features", side, side)
    .Append(mlContext.MulticlassClassification.Trainers.NoProp(options, new NoPropRun { Progress = new EpochLines() }));
var trained = pipeline.Fit(training.Data);

// The model gives the name of the class, not its number.
using var model = trained.Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(trained.Transform(test.Data)));
mlContext.Model.SaveAtomically(model, training.Data.Schema, modelPath);

var metrics = mlContext.MulticlassClassification.Evaluate(trained.Transform(test.Data));
Console.WriteLine($"On the photos held back: accuracy {metrics.MicroAccuracy:P1}, log-loss {metrics.LogLoss:0.000}.");
Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());
Console.WriteLine($"Saved {modelPath}. Next: dotnet run samples/predict.cs -- \"{modelPath}\" \"{photos.Files[0].ImagePath}\"");
return 0;

static int Fail(string sentence)
{
    Console.Error.WriteLine(sentence);
    return 1;
}

// Progress<T> of .NET would report on other threads, in any order.
internal sealed class EpochLines : IProgress<NoPropProgress>
{
    public void Report(NoPropProgress value)
    {
        if (value.Metrics is { } epoch) // Within epochs there is none.
            Console.WriteLine($"epoch {epoch.Epoch}/{epoch.Epochs}: loss {epoch.TrainingLoss:0.000}, accuracy {epoch.TrainingAccuracy:P1}");
    }
}
