// Trains the blocks of discrete time apart, and merges them into one model.
//
//     dotnet run discrete-time.cs -- PICTURES [RUN] [BLOCKS]
//
// PICTURES is a folder with a folder for each class, as for photos.cs; the images of Fashion-MNIST, which the samples program unpacks to
// artifacts/data/fashion-mnist/train, will do. RUN keeps the blocks (default: run): stop the program and start it again, and it goes on.
// BLOCKS is how many there are (default: 5).
//
// What to expect: a model of ten blocks gains what an ensemble of ten plain networks gains, at ten times the training of one. What blocks
// add is that they train apart: each in its own process, on any machine that sees RUN, with the memory of one network.
//
// Outside of this repository, change the first two "#:" lines: "#:package NullaProp.ML@*-*" and "#:package libtorch-cpu-linux-x64@2.10.0"
// (or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64). The last one is for ML.NET, which makes code at run time.
#:project ../src/NullaProp.ML/NullaProp.ML.csproj
#:property UsesTorchBackend=true
#:property PublishAot=false

using System.Globalization;
using Microsoft.ML;
using NullaProp.ML;

if (args is not [var folder, ..] || !Directory.Exists(folder))
{
    Console.Error.WriteLine(
        "Name a folder that has a folder of pictures for each class: dotnet run discrete-time.cs -- PICTURES [RUN] [BLOCKS]");
    return 1;
}

var run = args is [_, var name, ..] ? name : "run";
var blockCount = 5;
if (args is [_, _, var number, ..] && !(int.TryParse(number, CultureInfo.InvariantCulture, out blockCount) && blockCount > 0))
{
    Console.Error.WriteLine($"BLOCKS is {number}, but must be a number, 1 or more.");
    return 1;
}

// The same rows in the same order in every process.
var mlContext = new MLContext(seed: 1);
mlContext.Log += (_, log) => { if (log.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Warning) Console.WriteLine(log.Message); };
var (trainingPictures, testPictures) = mlContext.Data.LoadImageFolder(folder).Split(0.2, seed: 1);
var reading = mlContext.Transforms.LoadImageFiles("Features", 28, 28).Fit(trainingPictures.Data);
var training = reading.Transform(trainingPictures.Data);
var test = reading.Transform(testPictures.Data);

var options = new NoPropOptions { Epochs = 6, Seed = 1, Variant = new DiscreteTime { BlockCount = blockCount } };
var blocks = new NoPropBlocks(mlContext.MulticlassClassification.Trainers.NoProp(options), new Checkpoints(run));
for (var block = 0; block < blocks.Count; block++) // Or each block by a process of its own, in any order.
{
    blocks.Train(training, block);
    Console.WriteLine($"block {block + 1} of {blocks.Count} is trained");
}

using var model = blocks.Merge();
Console.WriteLine($"All blocks: accuracy {Accuracy(model):P1}.");
Console.WriteLine($"The first block alone: {model.Diagnose(test).SingleEvaluationMicroAccuracy:P1}.");

// A picture leaves as soon as the blocks that are left could not change its class.
using var early = model.WithSampling(sampling => sampling with { EarlyExit = EarlyExit.WhenClassIsDecided });
Console.WriteLine($"With early exit: {Accuracy(early):P1}, with fewer evaluations.");
return 0;

double Accuracy(NoPropTransformer classifier) => mlContext.MulticlassClassification.Evaluate(classifier.Transform(test)).MicroAccuracy;
