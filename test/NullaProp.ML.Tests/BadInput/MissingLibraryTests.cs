using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>
/// An application that forgot the native package, or does without it: images are scored where the network has a path without it, else one
/// sentence says what is needed, and the process ends by itself.
/// </summary>
[TestClass]
public sealed class MissingLibraryTests
{
    public static IEnumerable<object[]> Models =>
    [
        [new ContinuousTime(), EmbeddingKind.OneHot, NoPropBackbone.SmallConv],
        [new ContinuousTime(), EmbeddingKind.OneHot, NoPropBackbone.Mlp],
        [new ContinuousTime(), EmbeddingKind.OneHot, NoPropBackbone.ResNet18],
        [new ContinuousTime(), EmbeddingKind.LearnedUnitNorm, NoPropBackbone.SmallConv],
        [new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LinearLogSnr }, EmbeddingKind.OneHot, NoPropBackbone.Mlp],
        [new ContinuousTime { NoiseSchedule = NoiseScheduleKind.Cosine }, EmbeddingKind.OneHot, NoPropBackbone.Mlp],
        [new ContinuousTime { ReadoutLoss = ReadoutLoss.Linear }, EmbeddingKind.Learned, NoPropBackbone.Mlp],
        [new DiscreteTime { BlockCount = 2 }, EmbeddingKind.OneHot, NoPropBackbone.SmallConv],
        [
            new DiscreteTime { BlockCount = 2, NoiseSchedule = NoiseScheduleKind.Cosine, BlockMaxLogSnr = null },
            EmbeddingKind.OneHot,
            NoPropBackbone.Mlp,
        ],
        [new FlowMatching(), EmbeddingKind.Learned, NoPropBackbone.SmallConv],
        [new FlowMatching(), EmbeddingKind.OneHot, NoPropBackbone.Mlp],
        [new FlowMatching { ReadoutLoss = ReadoutLoss.Linear }, EmbeddingKind.Learned, NoPropBackbone.Mlp],
        [new CrossEntropyBaseline(), EmbeddingKind.OneHot, NoPropBackbone.SmallConv],
    ];

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Score_OneImageWithoutLibtorch_GivesTheSame(NoPropVariant variant, EmbeddingKind embedding, NoPropBackbone backbone)
    {
        var context = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests");
        try
        {
            var (modelPath, dataPath, expected) = Saved(
                context,
                folder,
                Tiny.Options with
                {
                    Backbone = backbone,
                    Variant = variant,
                    Embedding = Tiny.Options.Embedding with { Kind = embedding },
                },
                rows: 1);

            var (exitCode, output, errors) = Run(ProbeWithoutLibtorch(folder), modelPath, dataPath);

            Assert.AreEqual(0, exitCode, errors);
            Tiny.AssertEqual(expected[0], LoadProbe.Scores(output.Split('\n')).Single());
            Assert.IsEmpty(errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    [DataRow(EmbeddingKind.OneHot, VariantKind.ContinuousTime)]
    [DataRow(EmbeddingKind.Learned, VariantKind.DiscreteTime)]
    public void Save_LoadedModelWithoutLibtorch_WritesTheSameModel(EmbeddingKind embedding, VariantKind variant)
    {
        var context = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests");
        try
        {
            var options =
                Tiny.Options with
                {
                    Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
                    Embedding = Tiny.Options.Embedding with { Kind = embedding },
                    Sampling = Tiny.Options.Sampling with { Draws = 2 },
                };
            var (modelPath, dataPath, expected) = Saved(context, folder, options, rows: 1);
            var copyPath = Path.Combine(folder.FullName, "copy.zip");

            var (exitCode, output, errors) = Run(ProbeWithoutLibtorch(folder), modelPath, dataPath, copyPath);

            Assert.AreEqual(0, exitCode, errors);
            Tiny.AssertEqual(expected[0], LoadProbe.Scores(output.Split('\n')).Single());
            var (original, copy) = (new ModelZip(File.ReadAllBytes(modelPath)), new ModelZip(File.ReadAllBytes(copyPath)));
            foreach (var name in new[] { "model.json", "weights.safetensors" })
            {
                CollectionAssert.AreEqual(original.Entry(name), copy.Entry(name), name);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Rows are scored by several threads: each has the votes of its own draws.
    [TestMethod]
    public void Score_DisagreementWithoutLibtorch_IsThatOfEachRow()
    {
        var context = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests");
        try
        {
            var options = Tiny.Options with
            {
                Epochs = 1,
                LearningRate = 1e-4, // so that draws disagree, of which the last state keeps much
                Sampling = new()
                {
                    SolverSteps = 1,
                    Draws = 31,
                    ScoreReadout = ScoreReadout.LastState,
                    DisagreementColumnName = "Disagreement",
                },
            };
            var (modelPath, dataPath, _) = Saved(context, folder, options, rows: 9);
            using var model = (IDisposable)context.Model.Load(modelPath, out _);
            var scored = ((ITransformer)model).Transform(context.Data.LoadFromBinary(dataPath));
            var expected = scored.GetColumn<float>("Disagreement").ToArray();

            var (exitCode, output, errors) = Run(ProbeWithoutLibtorch(folder), modelPath, dataPath);

            Assert.AreEqual(0, exitCode, errors);
            var found = output.Split('\n')
                .Where(line => line.StartsWith("Disagreement: ", StringComparison.Ordinal))
                .Select(line => float.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))
                .ToArray();
            Assert.IsGreaterThan(1, expected.Distinct().Count(), "all rows are the same: nothing was tested");
            CollectionAssert.AreEqual(expected, found);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    [DataRow(NoPropBackbone.SmallConv)]
    [DataRow(NoPropBackbone.PaperConv)]
    [DataRow(NoPropBackbone.Mlp)]
    [DataRow(NoPropBackbone.ResNet18)]
    public void Score_ManyImagesWithoutLibtorch_GivesTheSame(NoPropBackbone backbone)
    {
        var context = new MLContext(seed: 1);
        var folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests");
        try
        {
            var (modelPath, dataPath, expected) = Saved(context, folder, Tiny.Options with { Backbone = backbone }, rows: 9);

            var (exitCode, output, errors) = Run(ProbeWithoutLibtorch(folder), modelPath, dataPath);

            Assert.AreEqual(0, exitCode, errors);
            var scores = LoadProbe.Scores(output.Split('\n'));
            Assert.HasCount(expected.Length, scores);
            foreach (var (wanted, found) in expected.Zip(scores))
            {
                Tiny.AssertEqual(wanted, found);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    [DataRow("SmallConv")]
    [DataRow("pretrained", DisplayName = "Train_WithoutLibtorchAndWeights_NamesBothPackages")]
    public void Train_WithoutLibtorch_NamesThePackageAndItsVersion(string backbone)
    {
        using var folder = new TempFolder();
        foreach (var name in new[] { "red/1.png", "red/2.png", "blue/1.png", "blue/2.png" })
        {
            SamplesProgram.SavePng(new float[TinyImages.Side * TinyImages.Side], folder.File($"photos/{name}"));
        }

        var program = WithoutLibtorch(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll", Directory.CreateDirectory(folder.File("app")));
        var (exitCode, output, errors) =
            Run(program, "train", folder.File("photos"), "--backbone", backbone, "--output", folder.File("out"));

        Assert.AreEqual(1, exitCode, output + errors);
        Assert.StartsWith("Error: The native library of TorchSharp could not be loaded. Reference one backend package", errors);
        Assert.MatchesRegex(@"libtorch-cpu-\S+ 2\.\d+\.\d+, or for a GPU \S+ or\s+\S+ 0\.\d+\.\d+\.", errors);
        const string both = "missing, too: dotnet add package Microsoft.ML.DnnImageFeaturizer.ResNet18 --version 0.";
        Assert.AreEqual(backbone == "pretrained", errors.Contains(both, StringComparison.Ordinal), errors);
        Assert.DoesNotContain("LoadNativeBackend", output + errors); // TorchSharp itself would write pages
        Assert.DoesNotContain("   at ", errors, "no stack trace");
    }

    private static (string ModelPath, string DataPath, float[][] Scores) Saved(
        MLContext context,
        DirectoryInfo folder,
        NoPropOptions options,
        int rows)
    {
        var (modelPath, dataPath) = (Path.Combine(folder.FullName, "model.zip"), Path.Combine(folder.FullName, "data.idv"));
        var data = Tiny.Data(context, rows);
        using var model = Tiny.Model(context, options);
        context.Model.Save(model, data.Schema, modelPath);
        using (var file = File.Create(dataPath))
        {
            context.Data.SaveAsBinary(data, file);
        }

        return (modelPath, dataPath, Tiny.Scores(context, model.Transform(data)));
    }

    // The managed half of the probe. TorchSharp's own package brings libLibTorchSharp, which stays: it cannot load without libtorch.
    private static string ProbeWithoutLibtorch(DirectoryInfo folder)
    {
        var probe =
            typeof(MissingLibraryTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(
                data => data.Key == "LoadProbePath").Value!;
        return WithoutLibtorch(Path.GetDirectoryName(probe)!, Path.GetFileName(probe), folder);
    }

    // Copies a program; of the native libraries below it those that are small.
    private static string WithoutLibtorch(string source, string program, DirectoryInfo folder)
    {
        source = Path.TrimEndingDirectorySeparator(source);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(IsKept))
        {
            var copy = Path.Combine(folder.FullName, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(folder.FullName, program);

        bool IsKept(string file) => Path.GetDirectoryName(file) == source
            || new[] { "LibTorchSharp", "SkiaSharp" }.Any(name => Path.GetFileName(file).Contains(name, StringComparison.Ordinal));
    }

    private static (int ExitCode, string Output, string Errors) Run(params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var limit = TimeLimit.On(process);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, errors.Result);
    }
}
