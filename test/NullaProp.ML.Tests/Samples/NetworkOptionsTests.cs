using System.CommandLine;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What the options of a training's network make of the options of the library, as who reads --help expects it.</summary>
[TestClass]
public sealed class NetworkOptionsTests
{
    // None of it has to do with a network: it must stay.
    private static readonly NoPropOptions Before = new() { Epochs = 7, BatchSize = 5, Seed = 3, LearningRate = 0.25 };

    // In numbers, for the presets themselves are judged here, too.
    private static readonly Augmentation Photos = new()
    {
        RandomResizedCrop = 0.5,
        HorizontalFlipProbability = 0.5,
        BrightnessJitter = 0.2,
        ContrastJitter = 0.2,
        SaturationJitter = 0.2,
    };

    private static readonly Augmentation Digits = new() { RandomCropPadding = 2, RotationDegrees = 10 };

    private static readonly Dictionary<string, NoPropOptions> Lines = new()
    {
        [""] = Before,
        ["--variant ContinuousTime"] = Before with { Variant = new ContinuousTime() },
        ["--variant flowmatching"] = Before with { Variant = new FlowMatching() },
        ["--variant CrossEntropyBaseline"] = Before with { Variant = new CrossEntropyBaseline() },
        ["--variant DiscreteTime"] = Before with { Variant = new DiscreteTime() },
        ["--variant DiscreteTime --blocks 4"] = Before with { Variant = new DiscreteTime { BlockCount = 4 } },
        ["--backbone resnet50"] = Before with { Backbone = NoPropBackbone.ResNet50 },
        ["--backbone pretrained"] = Before with { Backbone = NoPropBackbone.PretrainedResNet18 },
        ["--fine-tuning Everything"] = Before with { FineTuning = FineTuning.Everything },
        ["--augmentation None"] = Before,
        ["--augmentation Photos"] = Before with { Augmentation = Photos },
        ["--augmentation digits"] = Before with { Augmentation = Digits },
        ["--crop 3"] = Before with { Augmentation = new() { RandomCropPadding = 3 } },
        ["--flip 0.25"] = Before with { Augmentation = new() { HorizontalFlipProbability = 0.25 } },
        ["--rotation 7.5"] = Before with { Augmentation = new() { RotationDegrees = 7.5 } },
        ["--augmentation Photos --flip 0"] = Before with { Augmentation = Photos with { HorizontalFlipProbability = 0 } },
        ["--augmentation Photos --rotation 5"] = Before with { Augmentation = Photos with { RotationDegrees = 5 } },
        ["--augmentation Digits --crop 0"] = Before with { Augmentation = new() { RotationDegrees = 10 } },
        ["--rotation 0 --augmentation Digits"] = Before with { Augmentation = new() { RandomCropPadding = 2 } },
        ["--variant DiscreteTime --blocks 2 --backbone Pretrained --fine-tuning LastStage --augmentation Digits --crop 1 --flip 0.5"] =
            Before with
            {
                Variant = new DiscreteTime { BlockCount = 2 },
                Backbone = NoPropBackbone.PretrainedResNet18,
                FineTuning = FineTuning.LastStage,
                Augmentation = new() { RandomCropPadding = 1, HorizontalFlipProbability = 0.5, RotationDegrees = 10 },
            },
    };

    public static IEnumerable<object[]> LineTexts => Lines.Keys.Select(line => new object[] { line });

    [TestMethod]
    [DynamicData(nameof(LineTexts))]
    public void Apply_OptionsGiven_ChangesThoseAndNoOthers(string line)
    {
        var (network, arguments) = Parsed(line);

        Assert.AreEqual(Lines[line], network.Apply(arguments, Before));
    }

    [TestMethod]
    [DataRow("--blocks 4", "--blocks is given, but ContinuousTime has no blocks. ")]
    [DataRow("--blocks 10 --variant FlowMatching", "--blocks is given, but FlowMatching has no blocks. ")]
    public void Apply_BlocksOfWhatHasNone_IsRefused(string line, string sentence)
    {
        var (network, arguments) = Parsed(line);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => network.Apply(arguments, Before));

        Assert.AreEqual(sentence + "Leave it out, or add --variant DiscreteTime.", mistake.Message);
    }

    [TestMethod]
    [DataRow("resnet19")]
    [DataRow("SmallConv,ResNet18")]
    public void Parse_BackboneOfNoName_IsRefusedWithTheNames(string word)
    {
        var (_, arguments) = Parsed($"--backbone {word}");

        Assert.StartsWith($"--backbone is {word}, but must be pretrained or one of SmallConv, ", arguments.Errors.Single().Message);
    }

    // The whole way, from the line to the model: with what TrainCommand itself makes of a line.
    [TestMethod]
    public void Train_ManyOptions_TrainsTheModelThatTheySay()
    {
        using var folder = new TempFolder();
        Images(folder, "images");

        var (exitCode, lines) = SamplesProgram.Run(
            "train", folder.File("images"), "--size", "8", "--channels", "1", "--batch-size", "6", "--epochs", "1", "--seed", "4",
            "--learning-rate", "0.02", "--validation-fraction", "0.3", "--patience", "5", "--augmentation", "digits", "--crop", "1",
            "--variant", "DiscreteTime", "--blocks", "2", "--output", folder.File("out"));

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.Contains("14 training and 6 validation images of 2 classes, 8×8 pixels.", string.Join(' ', lines));
        var (options, shape) = Saved(folder);
        Assert.AreEqual(new(1, 8, 8), shape);
        Assert.AreEqual(
            new NoPropOptions
            {
                BatchSize = 6,
                Epochs = 1,
                Seed = 4,
                LearningRate = 0.02,
                EarlyStoppingPatience = 5,
                Augmentation = new() { RandomCropPadding = 1, RotationDegrees = 10 },
                Variant = new DiscreteTime { BlockCount = 2 },
            },
            options);
    }

    [TestMethod]
    public void Train_NothingButTheNecessary_TrainsOnColoursWithTheDefaults()
    {
        using var folder = new TempFolder();
        Images(folder, "images");

        var (exitCode, lines) = SamplesProgram.Run(
            "train", folder.File("images"), "--epochs", "1", "--output", folder.File("out"));

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.Contains("18 training and 2 validation images of 2 classes, 28×28 pixels.", string.Join(' ', lines));
        var (options, shape) = Saved(folder);
        Assert.AreEqual(new(3, 28, 28), shape);
        Assert.AreEqual(new NoPropOptions { Epochs = 1, Seed = 0 }, options);
    }

    [TestMethod]
    [DataRow("--test images --patience 3", "--patience chooses an epoch by images held back, but with --test none are")]
    [DataRow("--test images --validation-fraction 0.1", "--validation-fraction holds images back, but with --test none are.")]
    [DataRow("--validation-fraction 0", "--validation-fraction is 0, but must be above 0 and below 1.")]
    [DataRow("--validation-fraction 1", "--validation-fraction is 1, but must be above 0 and below 1.")]
    [DataRow("--channels 2", "--channels is 2, but must be 1 (grey) or 3 (red, green and blue).")]
    [DataRow("--backbone pretrained --channels 3", "--channels is given, but the pretrained network reads photos as it was trained.")]
    [DataRow("--backbone pretrained --size 28", "--size is given, but the pretrained network reads photos as it was trained.")]
    [DataRow("--fine-tuning Frozen", "FineTuning is Frozen, but Backbone is SmallConv")]
    [DataRow("--flip 1.5", "--flip is 1.5, but must be from 0 to 1.")]
    [DataRow("--backbone 1", "--backbone is")]
    public void Train_OptionsThatDoNotFit_AreRefusedBeforeTraining(string options, string sentence)
    {
        using var folder = new TempFolder();
        Images(folder, "images");
        var given = options.Split(' ').Select(word => word == "images" ? folder.File(word) : word);

        var (exitCode, lines) = SamplesProgram.Run(
            ["train", folder.File("images"), "--epochs", "1", "--output", folder.File("out"), .. given]);

        Assert.AreEqual(1, exitCode);
        Assert.Contains(sentence, string.Join(' ', lines));
        Assert.IsFalse(File.Exists(folder.File("out/model.zip")));
    }

    private static (NetworkOptions Network, ParseResult Arguments) Parsed(string line)
    {
        var network = new NetworkOptions();
        var command = new Command("learn");
        network.AddTo(command);
        return (network, command.Parse(line));
    }

    // Ten of each of two classes.
    private static void Images(TempFolder folder, string name)
    {
        foreach (var (number, image) in TinyImages.Pixels(20, 2).Index())
            SamplesProgram.SavePng(image.Pixels, folder.File($"{name}/{TinyImages.Names[image.Class]}/{number}.png"));
    }

    private static (NoPropOptions Options, ImageShape Shape) Saved(TempFolder folder)
    {
        var context = new Microsoft.ML.MLContext();
        var model = context.Model.Load(folder.File("out/model.zip"), out _);
        using var whole = model as IDisposable;
        var known = model.GetNoPropTransformer().Model;
        return (known.Options, known.ImageShape);
    }
}
