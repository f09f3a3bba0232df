using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests;

/// <summary>Blocks that are trained apart make the model of one process, and are refused where they are no blocks of one model.</summary>
[TestClass]
public sealed class NoPropBlocksTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);

    private static readonly NoPropOptions Options = TinyImages.Options with
    {
        HiddenSize = 8,
        Variant = new DiscreteTime { BlockCount = 3 },
        Augmentation = new() { RandomCropPadding = 1 },
        Sampling = new() { Draws = 2 },
    };

    [TestMethod]
    public void Merge_BlocksTrainedApartInAnyOrder_IsTheModelOfOneTraining()
    {
        using var folder = new TempFolder();
        using var expected = Trainer(Options).Fit(Data);
        foreach (var block in new[] { 2, 0, 1 })
        {
            Blocks(folder).Train(Data, block);
        }

        using var actual = Blocks(folder).Merge();

        Interruptions.AssertSameWeights(expected, actual);
        Assert.AreEqual(Description(expected), Description(actual));
        SameData.AssertValues(expected.Transform(Data), actual.Transform(Data));
    }

    // What is known of the training data goes along: a merged model refuses pixels divided by 255, too.
    [TestMethod]
    public void Merge_BlocksOfPixelsOf0To255_KnowsThatTheyWere()
    {
        using var folder = new TempFolder();
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Tiny.Options with { Variant = new DiscreteTime { BlockCount = 2 } });
        var blocks = new NoPropBlocks(trainer, new(folder.Path));
        blocks.Train(Tiny.Data(context), 0);
        blocks.Train(Tiny.Data(context), 1);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = Array.ConvertAll(photo.Features, pixel => pixel / 255));

        using var model = blocks.Merge();

        Fault.Caused<InvalidOperationException>(
            () => Tiny.Scores(context, model, photos), "but the network was trained on pixels of 0 to 255.");
    }

    [TestMethod]
    public void TrainedEpochs_FolderThatHoldsAnotherBlock_AreNone()
    {
        using var folder = new TempFolder();
        Blocks(folder).Train(Data, 0);
        Directory.Move(folder.File("block-0000"), folder.File("block-0001"));

        Assert.AreEqual((0, 0), (Blocks(folder).TrainedEpochs(0), Blocks(folder).TrainedEpochs(1)));
    }

    [TestMethod]
    public void IsTrained_BlockOfAnotherSeed_IsNot()
    {
        using var folder = new TempFolder();
        Array.ForEach([0, 1, 2], block => Of(seed: 1).Train(Data, block));

        Assert.IsTrue(Of(seed: 1).IsTrained(0));
        Assert.IsFalse(Of(seed: 2).IsTrained(0));
        Fault.Of<InvalidOperationException>(() => Of(seed: 2).Merge(), "the seed is 1 instead of 2");

        NoPropBlocks Of(int seed) => new(
            new MLContext(seed).MulticlassClassification.Trainers.NoProp(Options with { Seed = null }), new(folder.Path));
    }

    [TestMethod]
    public void Train_StoppedBlock_GoesOnAndIsNotTrainedAgain()
    {
        using var folder = new TempFolder();
        var blocks = Blocks(folder);
        using var source = new CancellationTokenSource();
        var stopping = new Recorder<EpochMetrics>(_ => source.Cancel());
        Assert.Throws<OperationCanceledException>(
            () => blocks.Train(Data, 1, new NoPropRun { Progress = stopping.OfEpochs(), CancellationToken = source.Token }));
        Assert.IsFalse(blocks.IsTrained(1));
        Assert.AreEqual((0, 1), (blocks.TrainedEpochs(0), blocks.TrainedEpochs(1)));
        var (second, third) = (new Recorder<EpochMetrics>(), new Recorder<EpochMetrics>());

        blocks.Train(Data, 1, new NoPropRun { Progress = second.OfEpochs() });
        blocks.Train(Data, 1, new NoPropRun { Progress = third.OfEpochs() });

        Assert.AreEqual(2, second.Reports.Single().Epoch);
        Assert.IsNull(second.Reports.Single().TrainingAccuracy);
        Assert.IsEmpty(third.Reports);
        Assert.IsTrue(blocks.IsTrained(1));
    }

    [TestMethod]
    public void Merge_BlocksMissing_NamesThem()
    {
        using var folder = new TempFolder();
        Blocks(folder).Train(Data, 1);

        var fault = Assert.Throws<InvalidOperationException>(() => Blocks(folder).Merge());

        StringAssert.Contains(fault.Message, "2 of 3 blocks");
        StringAssert.Contains(fault.Message, ": 0, 2, counted from 0");
    }

    [TestMethod]
    public void Merge_AnotherModuleThanThatOfTheBlocks_SaysWhatDiffers()
    {
        using var folder = new TempFolder();
        var options = Options with { Backbone = NoPropBackbone.Custom, BackboneName = "module of blocks" };
        var trained = Of(() => nn.ReLU());
        Array.ForEach([0, 1, 2], block => trained.Train(Data, block));

        trained.Merge().Dispose();
        Refused(Of(() => nn.ReLU(), outputs: 6), "the weight 'block1.backbone.");
        Refused(Of(() => nn.Linear(5, 5)), "the weight 'block1.backbone.module.2.");
        Refused(Of(() => nn.Tanh()), "the module of the backbone 'module of blocks' makes something else of the same image with the same ");

        NoPropBlocks Of(Func<nn.Module<Tensor, Tensor>> last, long outputs = 5) => new(
            Context.MulticlassClassification.Trainers.NoProp(
                options, _ => nn.Sequential(nn.Flatten(), nn.Linear(64, outputs), last())),
            new(folder.Path));

        static void Refused(NoPropBlocks blocks, string difference) => Assert.StartsWith(
            $"The blocks cannot be merged: {difference}",
            Assert.Throws<InvalidOperationException>(() => blocks.Merge()).Message);
    }

    // The weights of the one that is missing would never arrive.
    [TestMethod]
    public void Merge_FolderOfAnotherBlock_SaysWhich()
    {
        using var folder = new TempFolder();
        Blocks(folder).Train(Data, 0);
        Blocks(folder).Train(Data, 1);
        Directory.Move(folder.File("block-0001"), folder.File("block-0002"));
        Blocks(folder).Train(Data, 1);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Blocks(folder).Merge());

        Assert.Contains("block-0002", fault.Message);
        Assert.Contains("the folder holds block 1, counted from 0, as if it were block 2", fault.Message);
        Assert.IsFalse(Blocks(folder).IsTrained(2));
    }

    // Else a folder with wrong permissions would look like a block that is still to be trained.
    [TestMethod]
    public void Merge_CheckpointThatCannotBeReadNow_SaysSo()
    {
        using var folder = new TempFolder();
        for (var block = 0; block < 3; block++)
        {
            Blocks(folder).Train(Data, block);
        }

        var newest = Directory.GetDirectories(folder.Path, "epoch-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        File.Delete(Path.Combine(newest, "training.json"));
        Directory.CreateDirectory(Path.Combine(newest, "training.json")); // which even an administrator cannot read

        var fault = Assert.ThrowsExactly<IOException>(() => Blocks(folder).Merge());

        Assert.StartsWith($"The checkpoint '{newest}' cannot be read: ", fault.Message);
        Assert.ThrowsExactly<IOException>(() => Blocks(folder).TrainedEpochs(2));
    }

    [TestMethod]
    public void Merge_ABlockOfOtherDataOrOptions_SaysWhatDiffers()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        Blocks(folder).Train(Data, 0);
        Blocks(folder).Train(Data, 1);
        Blocks(other).Train(TinyImages.Keys(Context, seed: 9), 2);
        Directory.Move(other.File("block-0002"), folder.File("block-0002"));

        var data = Assert.Throws<InvalidOperationException>(() => Blocks(folder).Merge());
        var options = Assert.Throws<InvalidOperationException>(
            () => new NoPropBlocks(Trainer(Options with { LearningRate = 0.5 }), new(folder.Path)).Merge());

        Assert.Contains("block-0002", data.Message);
        Assert.Contains("the training data is another one, or comes in another order, compared with ", data.Message);
        Assert.Contains(folder.File("block-0000"), data.Message);
        Assert.Contains(" LearningRate is 0.01 instead of 0.5, compared with these options.", options.Message);
    }

    // Not after all of them are trained.
    [TestMethod]
    public void Train_BesideABlockOfOtherDataOrOptions_SaysWhatDiffers()
    {
        using var folder = new TempFolder();
        Blocks(folder).Train(TinyImages.Keys(Context, seed: 9), 0);
        var four = new NoPropBlocks(Trainer(Options with { Variant = new DiscreteTime { BlockCount = 4 } }), new(folder.Path));

        var data = Assert.Throws<InvalidOperationException>(() => Blocks(folder).Train(Data, 1));
        var options = Assert.Throws<InvalidOperationException>(() => four.Train(TinyImages.Keys(Context, seed: 9), 3));

        Assert.StartsWith(
            $"This block does not fit the one in '{folder.File("block-0000")}': the training data is another one", data.Message);
        Assert.Contains("BlockCount is 4 instead of 3", options.Message);
    }

    [TestMethod]
    [DataRow(1, false)]
    [DataRow(2, true)]
    public void Merge_BlocksOfOtherNumbersOfThreads_Warns(int threadsOfTheSecond, bool warns)
    {
        using var folder = new TempFolder();
        var log = new LogLines();
        var options = Options with { BackbonePrecision = BackbonePrecision.Full }; // what is chosen differs by processor
        var trainer = Context.MulticlassClassification.Trainers.NoProp(options, new NoPropRun { Logger = log });
        var blocks = new NoPropBlocks(trainer, new(folder.Path));
        blocks.Train(Data, 0, new NoPropRun { Threads = 1 });
        blocks.Train(Data, 1, new NoPropRun { Threads = threadsOfTheSecond });
        blocks.Train(Data, 2, new NoPropRun { Threads = 1 });

        blocks.Merge().Dispose();

        var warning = $"The blocks were trained on {Hardware(1)}; and on {Hardware(2)}: one process may give a model that differs in last "
            + "bits, and by more where the precision is another one.";
        Assert.AreEqual(warns, log.Lines.Contains((LogLevel.Warning, warning)));
        Assert.AreEqual(warns, log.Lines.Any(line => line.Level == LogLevel.Warning));

        static string Hardware(int threads) => $"cpu with {threads} threads, Full precision, {ProcessorKind.Name}";
    }

    [TestMethod]
    public void Constructor_OptionsThatTieTheBlocks_AreRefused()
    {
        var learned = Options with { Embedding = new() { Kind = EmbeddingKind.Learned } };
        var watched = Options with { EarlyStoppingPatience = 2 };

        Refused(TinyImages.Options, "Blocks can be trained apart in DiscreteTime alone, but Variant is ContinuousTime");
        Refused(learned, "Blocks can be trained apart with fixed embeddings alone, but Embedding.Kind is Learned");
        Refused(watched, "EarlyStoppingPatience is 2, but a block that is trained apart scores nothing");

        static void Refused(NoPropOptions options, string sentence) => StringAssert.StartsWith(
            Assert.Throws<ArgumentException>(() => new NoPropBlocks(Trainer(options), new("unused"))).Message,
            sentence);
    }

    [TestMethod]
    public void Train_WhatABlockHasNoUseFor_IsRefused()
    {
        using var folder = new TempFolder();

        var fault = Assert.Throws<ArgumentException>(() => Blocks(folder).Train(Data, 0, new NoPropRun { Validation = Data }));

        StringAssert.StartsWith(fault.Message, "NoPropRun.Validation is set, but a block that is trained apart has no use for it.");
        Assert.Throws<ArgumentOutOfRangeException>(() => Blocks(folder).Train(Data, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Blocks(folder).IsTrained(-1));
    }

    private static string Description(NoPropTransformer model) => Encoding.UTF8.GetString(ModelFile.BytesOf(model.Scorer.Model));

    private static NoPropBlocks Blocks(TempFolder folder) => new(Trainer(Options), new(folder.Path));

    private static NoPropTrainer Trainer(NoPropOptions options) => Context.MulticlassClassification.Trainers.NoProp(options);
}
