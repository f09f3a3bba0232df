using System.Diagnostics;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Storage;

/// <summary>Which checkpoints of a training stay, and what tells two trainings apart.</summary>
[TestClass]
public sealed class CheckpointSeriesTests
{
    private static readonly TrainingFingerprint Fingerprint = new(
        new ModelDescription(new NoPropOptions(), new ImageShape(1, 8, 8), 3, null, 1),
        Block: null,
        "data",
        Validation: null,
        Start: null,
        Library: "0.1.0",
        Hardware: "cpu");

    [TestMethod]
    public void Save_OnePlaceTwice_CountsOnce()
    {
        using var folder = new TempFolder();
        using var opened = Open(folder);
        var series = Series(opened, folder, keep: 2);

        Save(series, 1, 2, 2);

        CollectionAssert.AreEqual(new[] { 1, 2 }, Epochs(folder));
    }

    [TestMethod]
    public void Save_AfterGoingOn_KeepsTheNewest()
    {
        using var folder = new TempFolder();
        using var opened = Open(folder);
        Save(Series(opened, folder, keep: 3), 1, 2, 3);
        var series = Series(opened, folder, keep: 3);

        Assert.AreEqual(3, series.Newest()!.Place.Epoch);
        Save(series, 4);

        CollectionAssert.AreEqual(new[] { 2, 3, 4 }, Epochs(folder));
    }

    [TestMethod]
    public void Differences_OfEachMember_AreNamed()
    {
        string[] found =
        [
            .. Fingerprint.Differences(Fingerprint with { Library = "0.0.1" }),
            .. Fingerprint.Differences(Fingerprint with { Start = "of a model" }),
            .. Fingerprint.Differences(Fingerprint with { Block = 2 }),
            .. Fingerprint.Differences(Fingerprint with { Data = "other data" }),
            .. Fingerprint.Differences(Fingerprint with { Validation = "some" }),
        ];

        CollectionAssert.AreEqual(
            new[]
            {
                "the version of NullaProp.ML is 0.1.0 instead of 0.0.1",
                "the model or file that the weights start from is left out",
                "the block is none instead of 2",
                "the training data is another one, or comes in another order",
                "the validation data is left out",
            },
            found);
        Assert.IsEmpty(Fingerprint.Differences(Fingerprint with { Hardware = "another" }));
    }

    // Before a training of hours, and not after it.
    [TestMethod]
    public void Check_CheckpointsOfAnotherTraining_AreRefusedUnlessTheyAreToBeReplaced()
    {
        using var folder = new TempFolder();
        using var opened = Open(folder);
        Save(Series(opened, folder, keep: 2), 1, 2);
        var other = Fingerprint with { Data = "other data" };

        Series(opened, folder, keep: 2).Check();
        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => OfOtherData(CheckpointResume.IfPresent).Check());
        OfOtherData(CheckpointResume.Never).Check();

        StringAssert.Contains(fault.Message, "are of another training: the training data is another one");
        CollectionAssert.AreEqual(new[] { 1, 2 }, Epochs(folder));

        CheckpointSeries OfOtherData(CheckpointResume resume) =>
            new(opened, new(folder.Path) { Resume = resume }, other, TimeProvider.System, static _ => { }, warning => Assert.Fail(warning));
    }

    [TestMethod]
    public void Save_WithResumeNever_ReplacesOnlyWhereSomethingIsTrained()
    {
        using var folder = new TempFolder();
        using var opened = Open(folder);
        Save(Series(opened, folder, keep: 2), 1, 2);
        var replaced = 0;
        var series = new CheckpointSeries(
            opened, new(folder.Path) { Resume = CheckpointResume.Never }, Fingerprint, TimeProvider.System, static _ => { },
            warning => Assert.Fail(warning))
        {
            Replaced = () => replaced++,
        };

        Save(series, 0);
        CollectionAssert.AreEqual(new[] { 1, 2 }, Epochs(folder));
        Assert.AreEqual(0, replaced);
        Save(series, 3, 4);

        CollectionAssert.AreEqual(new[] { 3, 4 }, Epochs(folder));
        Assert.AreEqual(1, replaced);
    }

    // That of the assembly never rises.
    [TestMethod]
    public void LibraryVersion_IsThatOfThePackage()
    {
        var product = FileVersionInfo.GetVersionInfo(typeof(NoPropTrainer).Assembly.Location).ProductVersion!;

        Assert.StartsWith(ModelFile.LibraryVersion, product);
        Assert.StartsWith("0.", ModelFile.LibraryVersion);
    }

    private static CheckpointFolder Open(TempFolder folder) =>
        CheckpointFolder.Open(folder.Path, TimeSpan.Zero, static _ => { }, static () => { }, default);

    private static CheckpointSeries Series(CheckpointFolder opened, TempFolder folder, int keep) =>
        new(
            opened,
            new Checkpoints(folder.Path) { Keep = keep },
            Fingerprint,
            TimeProvider.System,
            static _ => { },
            warning => Assert.Fail(warning));

    private static void Save(CheckpointSeries series, params int[] epochs)
    {
        foreach (var epoch in epochs)
        {
            series.Save(new TrainingState(
                new TrainingPlace(epoch, 0, 0), TimeSpan.Zero, Lowest: 1, Waited: 0, new Dictionary<string, int>(),
                new Dictionary<string, HostTensor> { ["weights/a"] = new HostTensor([1], [epoch]) }));
        }
    }

    private static int[] Epochs(TempFolder folder) =>
        [.. CheckpointFolder.Names(folder.Path).Reverse().Select(name => CheckpointFile.ReadState(folder.File(name)).Place.Epoch)];
}
