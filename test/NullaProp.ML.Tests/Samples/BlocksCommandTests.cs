using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Workers that are killed and started again make the model of one training.</summary>
[TestClass]
public sealed class BlocksCommandTests
{
    private const int Blocks = 3;

    // Each of the first three workers dies as soon as it has reported an epoch, while that epoch's checkpoint is being written.
    [TestMethod]
    public void Train_WorkersKilledThreeTimes_MergeToTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Prepare(folder);
        for (var killed = 0; killed < Blocks; killed++)
        {
            Assert.AreNotEqual(0, Work(folder, block: killed, killAtFirstEpoch: true));
        }

        for (var block = 0; block < Blocks; block++)
        {
            Assert.AreEqual(0, Work(folder, block, killAtFirstEpoch: false));
        }

        var context = new MLContext(options.Seed);
        using var merged =
            new NoPropBlocks(context.MulticlassClassification.Trainers.NoProp(options), new(folder.File("run/blocks"))).Merge();
        using var expected = context.MulticlassClassification.Trainers
            .NoProp(options)
            .Fit(context.Data.LoadFromBinary(folder.File("run/data.idv")));
        Interruptions.AssertSameWeights(expected, merged);
    }

    [TestMethod]
    public void SlurmScript_OfARun_QueuesStoppedTasksAgain()
    {
        var script = new BlocksJob("/shared/run", Blocks: 10, Workers: 4, Threads: 2).SlurmScript("'/opt/samples'");

        StringAssert.Contains(script, "#SBATCH --array=0-9%4\n");
        StringAssert.Contains(script, "'/opt/samples' blocks train --run '/shared/run' &\n");
        StringAssert.Contains(script, "if [ $code = 75 ]; then\n  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\nfi\n");
    }

    private static NoPropOptions Prepare(TempFolder folder)
    {
        foreach (var (number, image) in TinyImages.Pixels(24, 2).Index())
        {
            Save(folder, image.Pixels, TinyImages.Names[image.Class], number);
        }

        var images = new MLContext().Data.LoadImageFolder(folder.File("images"));
        var options = new NoPropOptions
        {
            Variant = new DiscreteTime { BlockCount = Blocks },
            Epochs = 3,
            BatchSize = 8,
            HiddenSize = 8,
            Seed = 3,
            Augmentation = new() { RandomCropPadding = 1 },
        };
        BlocksRun.Prepare(folder.File("run"), images, new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb }, options);
        return options;
    }

    private static void Save(TempFolder folder, float[] grey, string name, int number)
    {
        var pixels = grey.SelectMany(value => new[] { (byte)value, (byte)value, (byte)value, byte.MaxValue }).ToArray();
        using var image = MLImage.CreateFromPixels(TinyImages.Side, TinyImages.Side, MLPixelFormat.Bgra32, pixels);
        var path = folder.File(Path.Combine("images", name, $"{number}.png"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        image.Save(path);
    }

    private static int Work(TempFolder folder, int block, bool killAtFirstEpoch)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        var program = Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll");
        foreach (var argument in new[] { program, "blocks", "train", "--run", folder.File("run"), "--index", $"{block}" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["OMP_NUM_THREADS"] = get_num_threads().ToString(CultureInfo.InvariantCulture); // they decide the last bits
        using var process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (killAtFirstEpoch && line.StartsWith("epoch", StringComparison.Ordinal))
            {
                process.Kill();
            }
        }

        process.WaitForExit();
        return process.ExitCode;
    }
}
