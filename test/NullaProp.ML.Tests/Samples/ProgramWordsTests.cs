using Microsoft.ML;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What the library advises its callers, as the program says it: taken from the library, so that neither changes alone.</summary>
[TestClass]
public sealed class ProgramWordsTests
{
    [TestMethod]
    public void Of_BlocksThatAreMissing_NamesTheCommand()
    {
        using var folder = new TempFolder();
        var options = TinyImages.Options with { Variant = new DiscreteTime { BlockCount = 2 } };
        var trainer = new MLContext().MulticlassClassification.Trainers.NoProp(options);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => new NoPropBlocks(trainer, new Checkpoints(folder.Path)).Merge());

        Assert.EndsWith("Train them with 'blocks train --index'.", ProgramWords.Of(fault.Message));
    }

    [TestMethod]
    public void Of_FolderThatIsInUse_LeavesTheOptionOut()
    {
        using var folder = new TempFolder();
        using var first = Open(folder.Path);

        var fault = Assert.ThrowsExactly<IOException>(() => Open(folder.Path).Dispose());

        Assert.EndsWith("Wait for its end, or give this one a folder of its own.", ProgramWords.Of(fault.Message));

        static CheckpointFolder Open(string path) =>
            CheckpointFolder.Open(path, TimeSpan.Zero, static _ => { }, static () => { }, CancellationToken.None);
    }

    [TestMethod]
    public void Of_CheckpointsOfAnotherTraining_NameNoOption()
    {
        using var folder = new TempFolder();
        var context = new MLContext();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        TinyImages.Trainer(context).Fit(TinyImages.Keys(context), run).Dispose();

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => TinyImages.Trainer(context, options => options with { Epochs = 3 }).Fit(TinyImages.Keys(context), run));

        Assert.EndsWith("Give this one a folder of its own, or delete them.", ProgramWords.Of(fault.Message));
    }

    [TestMethod]
    public void Of_FewPhotos_NamesTheOption()
    {
        var context = new MLContext();
        var log = new LogLines();
        var rows = TinyImages.Pixels(12, 2, channels: 3).Select(image => new ImageRow<int>
        {
            Features = image.Pixels,
            Label = image.Class,
        });
        var data = TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows.ToList(), TinyImages.Sized<int>(channels: 3)));

        TinyImages.Trainer(context, options => options with { Epochs = 1 }).Fit(data, new NoPropRun { Logger = log }).Dispose();

        Assert.Contains(
            "12 images in colour are few for a network that knows nothing yet. If they are photos, --backbone pretrained begins with one "
            + "that has seen a million.",
            log.Lines.Select(line => ProgramWords.Of(line.Text)));
    }

    [TestMethod]
    public void Of_FolderThatIsMissing_NamesNoMethod()
    {
        using var folder = new TempFolder();

        var fault = Assert.ThrowsExactly<DirectoryNotFoundException>(
            () => WholeFile.Replace(folder.File("none/a.onnx"), static _ => { }));

        Assert.EndsWith("does not exist. Create it first.", ProgramWords.Of(fault.Message));
    }
}
