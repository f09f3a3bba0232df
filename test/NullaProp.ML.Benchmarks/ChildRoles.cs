using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using NullaProp.ML.Benchmarks.Cluster;
using NullaProp.ML.Benchmarks.Reliability;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.ChildProcesses;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;

namespace NullaProp.ML.Benchmarks;

/// <summary>
/// What this program does when it started itself to be measured as a whole process. Each role prints one line of numbers.
/// </summary>
internal static class ChildRoles
{
    /// <summary>
    /// Fits a model for one epoch to so many images of 1×28×28 bytes, which the program holds in memory; prints the peak memory in bytes
    /// and the seconds of the fit.
    /// </summary>
    public const string Fit = "child-fit";

    /// <summary>
    /// Fits a model for one epoch to so many images of 3×64×64 bytes under a limit in bytes; prints the peak memory and the size of the
    /// model in bytes, and the seconds of the fit.
    /// </summary>
    public const string Stream = "child-stream";

    /// <summary>
    /// Loads a model from a file and classifies one image; prints the milliseconds of loading, of making the engine and of predicting.
    /// </summary>
    public const string Predict = "child-predict";

    /// <summary>
    /// Loads so many changed copies of the model files in a folder, from a case on; prints a line before and a line after each.
    /// </summary>
    public const string Fuzz = "child-fuzz";

    /// <summary>Saves the models of two files to a third, in turns and without end; prints a line after each time.</summary>
    public const string Save = "child-save";

    /// <summary>
    /// Trains a variant on streamed data, with augmentation and early stopping, and keeps checkpoints in a folder, in the middle of epochs
    /// too; prints a line a step, and the hash of the weights when it has ended.
    /// </summary>
    public const string Killed = "child-killed";

    /// <summary>
    /// Does a work, a <see cref="WorkKind"/>, on so many images with so many threads, 0 for the default; prints the seconds that it took
    /// and those of processor time.
    /// </summary>
    public const string Threads = "child-threads";

    /// <summary>Keeps one processor busy without end; prints a line when it begins.</summary>
    public const string Spin = "child-spin";

    private const int KilledBlocks = 3;

    /// <summary>Gets the variants that <see cref="Killed"/> knows.</summary>
    public static IReadOnlyList<string> KilledVariants { get; } = [nameof(ContinuousTime), nameof(DiscreteTime), nameof(FlowMatching)];

    /// <summary>Runs a role if the program's arguments name one.</summary>
    public static bool TryRun(string[] arguments)
    {
        switch (arguments)
        {
            case [Fit, var images]:
                RunFit([.. Enumerable.Range(0, Number(images)).Select(ByteRow.Of)]);
                return true;
            case [Stream, var images, var cachedBytes]:
                RunStream(Number(images), long.Parse(cachedBytes, CultureInfo.InvariantCulture));
                return true;
            case [Predict, var model]:
                RunPredict(model);
                return true;
            case [Fuzz, var folder, var first, var count]:
                RunFuzz(folder, Number(first), Number(count));
                return true;
            case [Save, var first, var second, var target]:
                RunSave(first, second, target);
                return true;
            case [BlocksWork.Child, var folder, var blocks, var images, var epochs, var first, var count]:
                new BlocksWork(Number(blocks), Number(images), Number(epochs)).Train(folder, Number(first), Number(count));
                return true;
            case [MachineScaling.Child]:
                MachineScaling.Multiply();
                return true;
            case [ChainTraining.Child, var kind, var blocks]:
                ChainTraining.Run(Enum.Parse<MemoryKind>(kind), Number(blocks));
                return true;
            case [Killed, var variant, var folder]:
                RunKilled(variant, folder);
                return true;
            case [Threads, var kind, var images, var threads]:
                ThreadedWork.Run(Enum.Parse<WorkKind>(kind), Number(images), Number(threads));
                return true;
            case [Spin]:
                RunSpin();
                return true;
            default:
                return false;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void RunFit(ByteRow[] rows)
    {
        var mlContext = new MLContext(seed: 1);
        var watch = Stopwatch.StartNew();
        var trainer = mlContext.MulticlassClassification.Trainers.NoProp(new NoPropOptions { Epochs = 1 });
        using var model = trainer.Fit(mlContext.Data.LoadFromEnumerable(rows));
        Console.WriteLine($"{PeakMemory.Bytes()} {watch.Elapsed.TotalSeconds:0.000}");
    }

    private static void RunSpin()
    {
        Console.WriteLine(0);
        while (true)
        {
            Thread.SpinWait(1_000);
        }
    }

    private static void RunStream(int images, long cachedBytes)
    {
        NoPropBackbones.Register(PooledBackbone.Name, _ => new PooledBackbone());
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, images).Select(LargeRow.Of));
        var options = new NoPropOptions
        {
            Epochs = 1,
            BatchSize = 64,
            Backbone = NoPropBackbone.Custom,
            BackboneName = PooledBackbone.Name,
            MaxCachedBytes = cachedBytes,
        };
        var watch = Stopwatch.StartNew();
        using var model = mlContext.MulticlassClassification.Trainers.NoProp(options).Fit(data);
        var (peak, seconds) = (PeakMemory.Bytes(), watch.Elapsed.TotalSeconds);
        using var file = new MemoryStream();
        mlContext.Model.Save(model, data.Schema, file);
        Console.WriteLine($"{peak} {file.Length} {seconds:0.000}");
    }

    private static void RunFuzz(string folder, int first, int count)
    {
        var context = new MLContext();
        List<GoodModel> models = [.. SmallModels.InFiles.Select(model => GoodModel.Of(context, Path.Combine(folder, model.Name)))];
        var path = Path.Combine(folder, $"changed-{first}");
        foreach (var number in Enumerable.Range(first, count))
        {
            Console.WriteLine($"begin {number}");
            Console.WriteLine(FuzzCase.Run(context, number, models, path).Line());
        }
    }

    private static void RunSave(string first, string second, string target)
    {
        var mlContext = new MLContext();
        ITransformer[] models = [mlContext.Model.Load(first, out _), mlContext.Model.Load(second, out _)];
        for (var i = 0; ; i++)
        {
            mlContext.Model.SaveAtomically(models[i % 2], inputSchema: null, target);
            Console.WriteLine(i);
        }
    }

    private static void RunKilled(string variant, string folder)
    {
        const int images = 300;
        var mlContext = new MLContext(seed: 1);
        var options = new NoPropOptions
        {
            Epochs = 3,
            BatchSize = 64,
            HiddenSize = 32,
            Augmentation = new() { RandomCropPadding = 2, HorizontalFlipProbability = 0.5 },
            EarlyStoppingPatience = 2,
            MaxCachedBytes = 65_536, // of 235,200
            Variant = variant switch
            {
                nameof(DiscreteTime) => new DiscreteTime { BlockCount = KilledBlocks },
                nameof(FlowMatching) => new FlowMatching(),
                _ => new ContinuousTime(),
            },
        };
        var run = new NoPropRun
        {
            Validation = mlContext.Data.LoadFromEnumerable(Enumerable.Range(images, 100).Select(ByteRow.Of).ToList()),
            Checkpoints = new(folder) { EveryMinutes = 1e-9 }, // after every step: as many moments of writing as there can be
        };
        var data = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, images).Select(ByteRow.Of).ToList());
        var trainer = new NoPropTrainer(mlContext, options, run) { StreamsOf = seed => new RandomStreams(seed) { Asked = TellStep } };
        using var model = trainer.Fit(data);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, weight) in model.Scorer.Model.Network.Weights.All)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes<float>(weight.Host().Values));
        }

        Console.WriteLine(Convert.ToHexStringLower(hash.GetHashAndReset()));

        // Once a step, for every step mirrors its images. The passes of an epoch are those of the blocks.
        static void TellStep(string name, int epoch, int step)
        {
            if (name.EndsWith("/flip", StringComparison.Ordinal))
            {
                var pass = Enumerable.Range(0, KilledBlocks)
                    .SingleOrDefault(block => name.Contains($"/{Denoiser.BlockName(block)}/", StringComparison.Ordinal));
                Console.WriteLine($"epoch {epoch} pass {pass} step {step}");
            }
        }
    }

    private static void RunPredict(string path)
    {
        var row = FloatRow.Of(0);
        var watch = Stopwatch.StartNew();
        var mlContext = new MLContext();
        var model = mlContext.Model.Load(path, out _);
        var loaded = watch.Elapsed;
        using var engine = mlContext.Model.CreatePredictionEngine<FloatRow, RowPrediction>(model);
        var made = watch.Elapsed;
        var prediction = engine.Predict(row);
        var predicted = watch.Elapsed;
        var (engineTime, predictionTime) = (made - loaded, predicted - made);
        Console.WriteLine(
            $"{loaded.TotalMilliseconds:0.00} {engineTime.TotalMilliseconds:0.00} {predictionTime.TotalMilliseconds:0.00} "
                + $"{prediction.PredictedLabel}");
    }
}
