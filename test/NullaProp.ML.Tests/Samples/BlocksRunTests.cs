using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The folder of a run holds one run, whose blocks are of its images, and destroys nothing that is somebody's own.</summary>
[TestClass]
public sealed class BlocksRunTests
{
    private static readonly NoPropOptions Options = new()
    {
        Variant = new DiscreteTime { BlockCount = 1 },
        Epochs = 1,
        BatchSize = 8,
        HiddenSize = 8,
        Seed = 3,
    };

    [TestMethod]
    public void Prepare_FolderWithADataFileOfItsOwn_IsRefusedAndLeavesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("data.idv"), "mine");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Prepare(folder.Path));

        StringAssert.Contains(mistake.Message, "holds a 'data.idv', but no 'run.json'");
        Assert.AreEqual("mine", File.ReadAllText(folder.File("data.idv")));
    }

    [TestMethod]
    public void Prepare_BlocksOfAnEarlierRun_IsRefused()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("blocks/block-0000/epoch-000001"));

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Prepare(folder.Path));

        StringAssert.Contains(mistake.Message, "holds the blocks of an earlier run, which may be of other images or options.");
        Assert.IsFalse(File.Exists(folder.File("run.json")));
    }

    [TestMethod]
    public void Prepare_TwoAtOnce_LeaveTheWholeRunOfOne()
    {
        using var folder = new TempFolder();
        var refused = 0;

        Parallel.Invoke([.. Enumerable.Range(1, 4).Select(seed => (Action)(() =>
        {
            try
            {
                Prepare(folder.File("run"), seed);
            }
            catch (UserMistakeException)
            {
                Interlocked.Increment(ref refused);
            }
        }))]);

        Assert.AreEqual(3, refused);
        Train(folder.File("run"));
        CollectionAssert.AreEquivalent(
            new[] { "data.idv", "run.json" }, Directory.GetFiles(folder.File("run")).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void Prepare_Cancelled_LeavesNoFile()
    {
        using var folder = new TempFolder();

        Assert.ThrowsExactly<OperationCanceledException>(
            () => Prepare(folder.File("run"), cancellationToken: new CancellationToken(canceled: true)));

        Assert.IsEmpty(Directory.GetFiles(folder.File("run")));
    }

    // Gigabytes, where it was of many photos.
    [TestMethod]
    public void Prepare_WhatAKilledOneLeft_IsDeleted()
    {
        using var folder = new TempFolder();
        var left = folder.File($".nullaprop-{Guid.NewGuid():N}.tmp");
        File.WriteAllText(left, "half of the images");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-2));

        Prepare(folder.Path);

        Assert.IsFalse(File.Exists(left));
    }

    [TestMethod]
    public void Create_FileThatIsThereMeanwhile_StaysAsItIs()
    {
        using var folder = new TempFolder();

        Assert.ThrowsExactly<IOException>(() => OutputFile.Create(folder.File("a"), file =>
        {
            file.WriteByte(1);
            File.WriteAllText(folder.File("a"), "of another");
        }));

        Assert.AreEqual("of another", File.ReadAllText(folder.File("a")));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void Merge_OwnBlocks_WritesAModel()
    {
        using var folder = new TempFolder();
        Prepare(folder.File("run"));
        Train(folder.File("run"));

        Open(folder.File("run")).Merge(folder.File("model.zip"), default);

        Assert.IsTrue(File.Exists(folder.File("model.zip")));
    }

    // Whose model would be taken for one of the images of the run.
    [TestMethod]
    public void MergeAndTrain_BlocksOfOtherImages_AreRefused()
    {
        using var folder = new TempFolder();
        Prepare(folder.File("run"), seed: 1);
        Prepare(folder.File("other"), seed: 2);
        Train(folder.File("other"));
        Directory.Move(folder.File("other/blocks"), folder.File("run/blocks"));

        var merging = Assert.ThrowsExactly<UserMistakeException>(() => Open(folder.File("run")).Merge(folder.File("model.zip"), default));
        var training = Assert.ThrowsExactly<UserMistakeException>(() => Train(folder.File("run")));

        StringAssert.Contains(merging.Message, "were trained on other images than the run holds");
        StringAssert.Contains(training.Message, "were trained on other images than the run holds");
        Assert.IsFalse(File.Exists(folder.File("model.zip")));
    }

    // The pixels differ by the seed, the options do not.
    private static void Prepare(string run, int seed = 1, CancellationToken cancellationToken = default)
    {
        using var folder = new TempFolder();
        foreach (var (number, image) in TinyImages.Pixels(12, 2, seed: seed).Index())
        {
            SamplesProgram.SavePng(image.Pixels, folder.File(Path.Combine(TinyImages.Names[image.Class], $"{number}.png")));
        }

        var images = new MLContext().Data.LoadImageFolder(folder.Path, cancellationToken: CancellationToken.None);
        var pixels = new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb };
        BlocksRun.Prepare(run, images, pixels, Options, cancellationToken);
    }

    private static BlocksRun Open(string run) => BlocksRun.Open(run, new LogLines());

    private static void Train(string run) => Open(run).Train(0, new TrainingProgress("", showsLines: true), default);
}
