using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Runs each file of samples/ as its first lines say, on a few small pictures.</summary>
[TestClass]
public sealed class SampleFilesTests
{
    private static readonly Lazy<TempFolder> Folder = new(() =>
    {
        var folder = new TempFolder();
        PictureFolder.Write(folder.File("pictures"));
        return folder;
    });

    private static readonly Lazy<string> SmallModel = new(() =>
    {
        var path = Folder.Value.File("small.zip");
        Run("photos.cs", Pictures, path, "--small");
        return path;
    });

    private static string Pictures => Folder.Value.File("pictures");

    [ClassCleanup]
    public static void Cleanup()
    {
        if (Folder.IsValueCreated)
            Folder.Value.Dispose();
    }

    [TestMethod]
    public void Photos_PretrainedNetwork_SavesAModel()
    {
        var model = Folder.Value.File("photos.zip");

        var output = Run("photos.cs", Pictures, model);

        StringAssert.Contains(output, $"{PictureFolder.Pictures} photos");
        StringAssert.Contains(output, "Saved ");
        NoPropModelFile.Check(model);
    }

    [TestMethod]
    public void Photos_BrokenFiles_NamesAllOfThem()
    {
        using var folder = new TempFolder();
        foreach (var name in PictureFolder.Classes)
        {
            Directory.CreateDirectory(folder.File(name));
            File.WriteAllText(folder.File(Path.Combine(name, "broken.jpg")), "no picture");
        }

        var (exitCode, _, errors) = SampleFile.Run("photos.cs", folder.Path);

        Assert.AreEqual(1, exitCode);
        foreach (var name in PictureFolder.Classes)
            StringAssert.Contains(errors, Path.Combine(name, "broken.jpg"));
    }

    [TestMethod]
    public void Predict_GoodAndBadFile_NamesTheClassOfTheGoodOne()
    {
        var good = Path.Combine(Pictures, "owl", "nested", "0.jpg");
        var bad = Folder.Value.File("bad.jpg");
        File.WriteAllText(bad, "no picture");

        var (exitCode, output, errors) = SampleFile.Run("predict.cs", SmallModel.Value, bad, good);

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(errors, $"'{bad}' cannot be read as an image");
        StringAssert.StartsWith(output, $"{good}: owl ");
    }

    [TestMethod]
    public void Tabular_OneColumnDecides_NamesItFirst()
    {
        var table = Folder.Value.File("table.csv");
        var random = new Random(1);
        var rows = Enumerable.Range(0, 120).Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"animal {row},{random.NextDouble():0.000},{(row % 2 == 0 ? "day" : "night")},{row % 3 + random.NextDouble() / 2:0.000},")
            + PictureFolder.Classes[row % 3]);
        File.WriteAllLines(table, ["name,noise,time,weight,animal", .. rows, "x,,day,2.5,owl", "y,0.5,night,heavy,cat"]);

        var lines = Run("tabular.cs", table).Split('\n');

        Assert.AreEqual("Left out, for nearly every row has a word of its own there: name.", lines[0]);
        Assert.AreEqual("Left out because of an empty cell, or a text where a number should be: 2 of 122 rows.", lines[1]);

        var heading = Array.FindIndex(lines, line => line.StartsWith("By how much", StringComparison.Ordinal));
        StringAssert.StartsWith(lines[heading + 1], "  weight ");
        CollectionAssert.AreEquivalent(
            new[] { "noise", "time.day", "time.night" },
            lines[(heading + 2)..(heading + 5)].Select(line => line.Trim().Split(' ')[0]).ToList());
    }

    [TestMethod]
    public void DiscreteTime_TwoBlocks_TrainsThemAndMergesThem()
    {
        var output = Run("discrete-time.cs", Pictures, Folder.Value.File("run"), "2");

        StringAssert.Contains(output, "block 2 of 2 is trained");
        StringAssert.Contains(output, "With early exit: ");
    }

    [TestMethod]
    public void ServiceWithoutLibtorch_ManyRequestsAtOnce_AnswersAsTheModelDoes()
    {
        using var service = SampleFile.Serve(SmallModel.Value);

        var output = Run("service-load.cs", SmallModel.Value, Pictures, service.Address, "--requests", "400");

        StringAssert.Contains(output, "400 requests, 16 at once: 0 wrong, 0 failed");
    }

    [TestMethod]
    public async Task Service_WrongUploads_AreAnsweredWithASentence()
    {
        using var service = SampleFile.Serve(SmallModel.Value);
        using var client = new HttpClient { BaseAddress = new Uri(service.Address) };
        client.DefaultRequestHeaders.ExpectContinue = true; // As curl does: the answer to what is too large comes before all of it is sent.

        using var noPicture = await client.PostAsync("/classify", new ByteArrayContent(Encoding.ASCII.GetBytes("no picture")));
        using var tooLarge = await client.PostAsync("/classify", new ByteArrayContent(new byte[10_000_001]));
        using var health = await client.GetAsync(new Uri("/health", UriKind.Relative));

        Assert.AreEqual(400, (int)noPicture.StatusCode);
        StringAssert.Contains(await noPicture.Content.ReadAsStringAsync(), "cannot be read as an image");
        Assert.AreEqual(413, (int)tooLarge.StatusCode);
        StringAssert.Contains(await tooLarge.Content.ReadAsStringAsync(), "10,000,000 bytes");
        CollectionAssert.AreEqual(PictureFolder.Classes, (await health.Content.ReadFromJsonAsync<Health>())!.Classes);
    }

    [TestMethod]
    public async Task Service_Forms_AreReadWhereTheyHoldOneFile()
    {
        using var service = SampleFile.Serve(SmallModel.Value);
        using var client = new HttpClient { BaseAddress = new Uri(service.Address) };
        var picture = await File.ReadAllBytesAsync(Path.Combine(Pictures, "owl", "nested", "0.jpg"));

        using var bare = await client.PostAsync("/classify", new ByteArrayContent(picture));
        using var one = await client.PostAsync("/classify", Form(picture));
        using var two = await client.PostAsync("/classify", Form(picture, picture));
        using var none = await client.PostAsync("/classify", new MultipartFormDataContent { { new StringContent("hi"), "note" } });
        using var curl = await client.PostAsync("/classify", Typed(picture, "application/x-www-form-urlencoded"));
        using var broken = await client.PostAsync("/classify", Typed(picture, "multipart/form-data; boundary=x"));

        Assert.AreEqual(200, (int)bare.StatusCode);
        Assert.AreEqual(await bare.Content.ReadAsStringAsync(), await one.Content.ReadAsStringAsync());
        Assert.AreEqual(await bare.Content.ReadAsStringAsync(), await curl.Content.ReadAsStringAsync());
        StringAssert.Contains(await two.Content.ReadAsStringAsync(), "The form holds 2 files, but must hold one.");
        StringAssert.Contains(await none.Content.ReadAsStringAsync(), "The form holds 0 files, but must hold one.");
        StringAssert.Contains(await broken.Content.ReadAsStringAsync(), "The form cannot be read");
        CollectionAssert.AreEqual(new[] { 400, 400, 400 }, new[] { two, none, broken }.Select(answer => (int)answer.StatusCode).ToArray());
    }

    private static ByteArrayContent Typed(byte[] upload, string type)
    {
        var content = new ByteArrayContent(upload);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private static MultipartFormDataContent Form(params byte[][] files)
    {
        var form = new MultipartFormDataContent();
        foreach (var file in files)
        {
            form.Add(new ByteArrayContent(file), "photo", "photo.jpg");
        }

        return form;
    }

    private static string Run(string name, params string[] arguments)
    {
        var (exitCode, output, errors) = SampleFile.Run(name, arguments);
        Assert.AreEqual(0, exitCode, $"{name} ended with errors: {output}{errors}");
        Assert.IsEmpty(
            Directory.GetFiles(Repository.PathOf("samples"), "libLibTorchSharp.so", SearchOption.AllDirectories),
            "A build has left something beside the files.");
        return output;
    }

    private sealed record Health(string[] Classes);
}
