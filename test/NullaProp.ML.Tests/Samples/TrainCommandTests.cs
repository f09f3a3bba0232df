using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A training by command line that is stopped or killed goes on when the command is given again, and says so.</summary>
[TestClass]
public sealed class TrainCommandTests
{
    [TestMethod]
    [DataRow("TERM")]
    [DataRow("USR1")]
    public void Train_SignalWithCheckpoints_EndsWith75AndGoesOn(string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such signals.");
        }

        using var folder = new TempFolder();
        var arguments = Prepare(folder, epochs: 2_000);

        var stopped = SamplesProgram.RunUntilAnEpoch(process => SamplesProgram.Signal(process, signal), arguments);
        List<string> lines = [];
        var again = SamplesProgram.RunUntilAnEpoch(process => process.Kill(), lines.Add, arguments);

        Assert.AreEqual(CommandExecution.RunAgain, stopped);
        Assert.AreNotEqual(0, again);
        Assert.IsTrue(lines.Exists(line => line.StartsWith("Training goes on from the checkpoint ", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Train_CheckpointsOfAnotherTraining_SaysWhatDiffers()
    {
        using var folder = new TempFolder();
        var arguments = Prepare(folder, epochs: 1);
        var (first, _) = SamplesProgram.Run(arguments);

        var (second, lines) = SamplesProgram.Run([.. arguments, "--learning-rate", "0.5"]);

        Assert.AreEqual((0, 1), (first, second));
        var text = string.Join(' ', lines);
        StringAssert.Contains(text, "LearningRate is 0.5 instead of 0.001");
        StringAssert.Contains(text, "--checkpoints");
    }

    [TestMethod]
    public void Train_FinishedTraining_GivesItsModelAgain()
    {
        using var folder = new TempFolder();
        var arguments = Prepare(folder, epochs: 1);
        SamplesProgram.Run(arguments);
        File.Delete(folder.File("out/model.zip"));

        var (exitCode, lines) = SamplesProgram.Run(arguments);

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        Assert.IsTrue(File.Exists(folder.File("out/model.zip")));
    }

    // A file server may hold the lock of a machine that is gone.
    [TestMethod]
    public void Train_FolderOfCheckpointsIsLocked_WaitsForIt()
    {
        using var folder = new TempFolder();
        var arguments = Prepare(folder, epochs: 1);
        Directory.CreateDirectory(folder.File("checkpoints"));
        using var other = File.Open(folder.File("checkpoints/.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        List<string> lines = [];

        var exitCode = SamplesProgram.RunUntilAnEpoch(atFirstEpoch: null, Listen, arguments);

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));

        void Listen(string line)
        {
            lines.Add(line);
            if (line.Contains("This one waits for its end.", StringComparison.Ordinal))
            {
                other.Dispose();
            }
        }
    }

    private static string[] Prepare(TempFolder folder, int epochs)
    {
        foreach (var (number, image) in TinyImages.Pixels(20, 2).Index())
        {
            var name = TinyImages.Names[image.Class];
            SamplesProgram.SavePng(image.Pixels, folder.File($"images/{name}/{number}.png"));
        }

        return
        [
            "train", folder.File("images"), "--size", $"{TinyImages.Side}", "--batch-size", "8", "--epochs", $"{epochs}",
            "--output", folder.File("out"), "--checkpoints", folder.File("checkpoints"),
        ];
    }
}
