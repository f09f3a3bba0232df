using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <content>What goes wrong when a training is over, or is ended.</content>
public sealed partial class BadInputTests
{
    [TestMethod]
    public async Task Train_OutputThatNobodyReads_SavesTheModelAllTheSame()
    {
        using var process = Start(["train", "good", .. Short]);
        using var limit = TimeLimit.On(process);
        process.StandardOutput.Close();
        process.StandardError.Close();

        await process.WaitForExitAsync().ConfigureAwait(false);

        Assert.AreEqual(0, process.ExitCode);
        Assert.IsTrue(File.Exists(_folder.File("out/model.zip")));
    }

    // As on a disk that is full when the training ends.
    [TestMethod]
    public async Task Train_OutputThatCannotBeWrittenInTheEnd_IsSavedInAnotherFolder()
    {
        var (code, output, error) = await TrainInTheWay("elsewhere").ConfigureAwait(false);

        Assert.AreEqual(Interrupted, code, error);
        Assert.Contains("The model cannot be saved in 'out'", error);
        Assert.Contains("Saved elsewhere/model.zip, ", output.Replace('\\', '/'));
        Assert.IsTrue(File.Exists(_folder.File("elsewhere/model.zip")));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(null)] // nobody is there to answer
    public async Task Train_OutputThatCannotBeWrittenAndNoOther_IsSavedWithTemporaryFilesAndSaidSo(string? answer)
    {
        var (code, _, error) = await TrainInTheWay(answer).ConfigureAwait(false);

        Assert.AreEqual(1, code, error);
        var saved = Regex.Match(error, @"The model is not in 'out' but in '([^']+)'\.").Groups[1].Value;
        Assert.IsTrue(File.Exists(Path.Combine(saved, "model.zip")), error);
        Directory.Delete(saved, recursive: true);
    }

    // As on a disk that has room for the model and not for a picture.
    [TestMethod]
    public async Task Train_ChartThatCannotBeWrittenInTheEnd_SaysWhereTheModelIs()
    {
        var (code, _, error) = await TrainInTheWay(null, () => Directory.CreateDirectory(_folder.File("out/confusion.png")))
            .ConfigureAwait(false);

        Assert.AreEqual(1, code, error);
        Assert.Contains("The model is saved as 'out/model.zip', but not its charts: ", error.Replace('\\', '/'));
        Assert.IsTrue(File.Exists(_folder.File("out/model.zip")));
    }

    // Who is asked presses Ctrl+C, and the scheduler says SIGTERM: neither must cost the model.
    [TestMethod]
    public async Task Train_SignalInPlaceOfAnotherFolder_IsSavedWithTemporaryFilesAndSaidSo()
    {
        var (code, output, error) = await TrainInTheWay(null, GetInTheWay, isToldTwice: true).ConfigureAwait(false);

        Assert.AreEqual(1, code, error);
        var saved = Regex.Match(error, @"The model is not in 'out' but in '([^']+)'\.").Groups[1].Value;
        Assert.IsTrue(File.Exists(Path.Combine(saved, "confusion.png")), output);
        Directory.Delete(saved, recursive: true);
    }

    // Photos are read again for the evaluation, hours after the training began.
    [TestMethod]
    public async Task Train_TestPhotoThatIsGoneInTheEnd_SavesTheModelAndSaysSo()
    {
        Write(Image, "test/red/1.png", "test/blue/1.png");

        var (code, _, error) = await TrainInTheWay(
            null, () => File.Delete(_folder.File("test/red/1.png")), arguments: ["--backbone", "pretrained", "--test", "test"])
            .ConfigureAwait(false);

        Assert.AreEqual(1, code, error);
        Assert.Contains(
            "The model is saved as 'out/model.zip', but was not evaluated: There is no image file ", error.Replace('\\', '/'));
        Assert.IsTrue(File.Exists(_folder.File("out/model.zip")));
    }

    // A private character of Unicode, as a script for which a machine has no font.
    [TestMethod]
    public async Task Train_ClassNameThatNoFontHas_SaysWhatTheChartLacks()
    {
        Write(Image, "scripts/\U0010FFFD/1.png", "scripts/\U0010FFFD/2.png", "scripts/blue/1.png", "scripts/blue/2.png");

        var (code, _, error) = await Run(["train", "scripts", .. Short]).ConfigureAwait(false);

        Assert.AreEqual(0, code, error);
        Assert.Contains("'out/confusion.png' has boxes in the place of letters, as in '\U0010FFFD", error.Replace('\\', '/'));
    }

    private Task<(int Code, string Output, string Error)> TrainInTheWay(string? answer) => TrainInTheWay(answer, GetInTheWay);

    private void GetInTheWay()
    {
        Directory.Delete(_folder.File("out"), recursive: true);
        File.WriteAllText(_folder.File("out"), "in the way");
    }

    // The training is long enough for anything, and ends when it is told to: it saves the model so far.
    private async Task<(int Code, string Output, string Error)> TrainInTheWay(
        string? answer, Action getInTheWay, bool isToldTwice = false, params string[] arguments)
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("There is no SIGTERM.");
        string[] size = arguments is [] ? ["--size", "8"] : [];
        using var process = Start(["train", "good", .. size, "--epochs", "100000", "--output", "out", .. arguments]);
        using var limit = TimeLimit.On(process);
        await ReadToFirstEpoch(process).ConfigureAwait(false);
        getInTheWay();
        Assert.AreEqual(0, Kill(process.Id, 15));
        if (answer is not null)
            await process.StandardInput.WriteLineAsync(answer).ConfigureAwait(false);
        if (isToldTwice)
        {
            await ReadTo(process, "Another folder to save it in: ").ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromSeconds(2)).ConfigureAwait(false); // a signal that comes at once is the same, passed on
            Assert.AreEqual(0, Kill(process.Id, 15));
        }

        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return (process.ExitCode, output, await error.ConfigureAwait(false));
    }

    [TestMethod]
    public async Task Train_TerminalClosed_IsCancelledAsByCtrlC()
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("There is no SIGHUP.");
        if (IsHangUpIgnored())
            Assert.Inconclusive("The tests run under nohup, and so do the programs that they start.");
        using var process = Start(["train", "good", "--size", "8", "--epochs", "100000", "--output", "out"]);
        using var limit = TimeLimit.On(process);
        await ReadToFirstEpoch(process).ConfigureAwait(false);
        process.StandardOutput.Close();
        Assert.AreEqual(0, Kill(process.Id, 1));
        await process.WaitForExitAsync().ConfigureAwait(false);

        Assert.AreEqual(Interrupted, process.ExitCode);
    }

    // The question is no whole line.
    private static async Task ReadTo(Process process, string end)
    {
        var read = new StringBuilder();
        var next = new char[1];
        while (!read.ToString().EndsWith(end, StringComparison.Ordinal)
            && await process.StandardOutput.ReadAsync(next).ConfigureAwait(false) > 0)
        {
            read.Append(next[0]);
        }
    }

    private static async Task ReadToFirstEpoch(Process process)
    {
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().ConfigureAwait(false);
        }
        while (line?.StartsWith("epoch ", StringComparison.Ordinal) == false);
    }

    // Signals that a process ignores, its children ignore. The lowest bit of the mask is SIGHUP's.
    private static bool IsHangUpIgnored()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        var mask = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        return (Convert.ToInt32(mask[^1..], 16) & 1) != 0;
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
