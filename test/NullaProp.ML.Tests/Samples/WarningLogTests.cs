using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What was left out is said by each command that reads a folder, and what a training warns of is said once.</summary>
[TestClass]
public sealed class WarningLogTests
{
    [TestMethod]
    public void Prepare_PictureWithoutAnEnding_IsNamedInAWarning()
    {
        using var folder = new TempFolder();
        Write(folder);

        var (exitCode, lines) = SamplesProgram.Run("blocks", "prepare", folder.File("images"), "--run", folder.File("run"));

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.AreEqual(
            $"Warning: 1 image of '{folder.File("images")}' left out, for their names do not end as those of pictures that are read do: "
            + "'IMG_0001'. Save them as JPEG or PNG, or give them the names.",
            lines.Single(line => line.Contains("IMG_0001", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Train_WarningOfTheTrainer_IsPrintedOnce()
    {
        using var folder = new TempFolder();
        Write(folder);

        var (exitCode, lines) = SamplesProgram.Run(
            "train", folder.File("images"), "--size", "8", "--epochs", "1", "--output", folder.File("out"));
        var (scored, said) = SamplesProgram.Run(
            "score", folder.File("out/model.zip"), folder.File("images"), "--output", folder.File("scores"));

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.AreEqual(1, lines.Count(line => line.Contains("IMG_0001", StringComparison.Ordinal)));
        Assert.AreEqual(1, lines.Count(line => line.Contains("images in colour are few", StringComparison.Ordinal)));
        Assert.AreEqual(0, scored, string.Join('\n', said));
        Assert.AreEqual(
            $"Warning: Files of '{folder.File("images")}' whose names do not end as those of images that are read do, left out: 1 "
            + $"('{Path.Combine("cat", "IMG_0001")}').",
            said.Single(line => line.Contains("IMG_0001", StringComparison.Ordinal)));
    }

    private static void Write(TempFolder folder)
    {
        PictureFolder.Write(folder.File("images"));
        File.Copy(folder.File("images/cat/1.png"), folder.File("images/cat/IMG_0001"));
        File.WriteAllText(folder.File("images/cat/.hidden"), "no image");
    }
}
