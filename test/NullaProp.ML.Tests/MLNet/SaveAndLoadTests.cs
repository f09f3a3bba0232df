using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A model goes through a file and scores as before, also in a process that never heard of NoProp.</summary>
[TestClass]
public sealed class SaveAndLoadTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context, options => options with { Sampling = options.Sampling with { Draws = 2 } }).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Load_InAnotherProcess_ScoresTheSameWithoutRegistration()
    {
        using var folder = new TempFolder();
        Context.Model.Save(_model, _data.Schema, folder.File("model.zip"));
        using (var file = File.Create(folder.File("data.idv")))
        {
            Context.Data.SaveAsBinary(_data, file);
        }

        var (exitCode, lines, errors) = LoadProbe.Run(folder.File("model.zip"), folder.File("data.idv"));

        Assert.AreEqual(0, exitCode, errors);
        CollectionAssert.IsSubsetOf(_data.Schema.Select(column => column.Name).ToList(), lines);
        var (expected, actual) = (Scores(_model.Transform(_data)), LoadProbe.Scores(lines));
        Assert.HasCount(expected.Length, actual);
        for (var row = 0; row < expected.Length; row++)
        {
            CollectionAssert.AreEqual(expected[row], actual[row], $"row {row}");
        }
    }

    // As 'dotnet run FILE.cs' builds a program: its JSON serializer finds no types, which is no fault of the file.
    [TestMethod]
    public void Load_ProgramBuiltForAheadOfTimeCompilation_SaysWhatToAdd()
    {
        using var folder = new TempFolder();
        Context.Model.Save(_model, _data.Schema, folder.File("model.zip"));
        var config = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(LoadProbe.ProbePath, ".runtimeconfig.json")))!;
        var properties = config["runtimeOptions"]!["configProperties"] as JsonObject ?? [];
        properties["System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault"] = false;
        config["runtimeOptions"]!["configProperties"] = properties.DeepClone();
        File.WriteAllText(folder.File("runtimeconfig.json"), config.ToJsonString());

        var (exitCode, _, errors) = LoadProbe.Run(folder.File("model.zip"), runtimeConfig: folder.File("runtimeconfig.json"));

        Assert.AreEqual(1, exitCode);
        Assert.Contains("Add the line '#:property PublishAot=false' to the file", errors);
        Assert.DoesNotContain("damaged", errors);
    }

    [TestMethod]
    public void Load_WholeChain_PredictsTheSameNames()
    {
        var data = TinyImages.Texts(Context);
        using var chain = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(TinyImages.Trainer(Context))
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);

        var loaded = EstimatorContract.Reloaded(Context, chain, data.Schema);

        CollectionAssert.AreEqual(Names(chain.Transform(data)), Names(loaded.Transform(data)));
        ((IDisposable)loaded).Dispose();
    }

    [TestMethod]
    public void Load_AnyModel_KeepsOptionsSizesNamesAndSeed()
    {
        var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, _model, _data.Schema);

        Assert.AreEqual(_model.Model.Options, loaded.Model.Options);
        Assert.AreEqual(_model.Model.ImageShape, loaded.Model.ImageShape);
        Assert.AreEqual(_model.Model.Seed, loaded.Model.Seed);
        Assert.AreEqual(_model.Model.EmbeddingNorm, loaded.Model.EmbeddingNorm);
        Assert.AreEqual(_model.Model.Summary.ToString(), loaded.Model.Summary.ToString());
        CollectionAssert.AreEqual(_model.Model.ClassNames.ToList(), loaded.Model.ClassNames.ToList());
        Assert.AreEqual(_model.FeatureColumnName, loaded.FeatureColumnName);
        Assert.AreEqual(_model.FeatureColumnType, loaded.FeatureColumnType);
        loaded.Dispose();
    }

    [TestMethod]
    public void Load_WithoutASchema_GivesAModelThatScores()
    {
        using var file = new MemoryStream();
        Context.Model.Save(_model, inputSchema: null, file);
        file.Position = 0;

        var loaded = Context.Model.Load(file, out var schema);

        Assert.IsNull(schema);
        SameData.AssertValues(_model.Transform(_data), loaded.Transform(_data));
        ((IDisposable)loaded).Dispose();
    }

    [TestMethod]
    public void Save_LoadedModel_WritesTheSameWeights()
    {
        using var folder = new TempFolder();
        Context.Model.Save(_model, _data.Schema, folder.File("first.zip"));
        using var loaded = (NoPropTransformer)Context.Model.Load(folder.File("first.zip"), out var schema);

        Context.Model.Save(loaded, schema, folder.File("second.zip"));

        CollectionAssert.AreEqual(
            Entry(folder.File("first.zip"), "weights.safetensors"),
            Entry(folder.File("second.zip"), "weights.safetensors"));
        CollectionAssert.AreEqual(Entry(folder.File("first.zip"), "model.json"), Entry(folder.File("second.zip"), "model.json"));
    }

    [TestMethod]
    public void Assembly_Version_StaysOneSoThatOldModelsLoad() =>
        Assert.AreEqual(new Version(1, 0, 0, 0), typeof(NoPropTransformer).Assembly.GetName().Version);

    private static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];

    private static string[] Names(IDataView scored) => [.. scored.GetColumn<string>("PredictedLabel")];

    private static byte[] Entry(string zipPath, string name)
    {
        using var zip = ZipFile.OpenRead(zipPath);
        using var stream = zip.Entries.Single(entry => entry.Name == name).Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
