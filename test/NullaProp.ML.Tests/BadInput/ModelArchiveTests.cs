using System.IO.Compression;
using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>
/// What no hash of a NoProp model proves: the other transformers of its file, ML.NET's own entries, and where entries lead.
/// </summary>
[TestClass]
public sealed class ModelArchiveTests
{
    private const string Changed = "of the file is not the one that was saved: it was changed or is damaged.";

    private static readonly MLContext Context = new(seed: 1);

    // A chain, whose normalizer decides about the scores as much as the weights do.
    private static readonly Lazy<(byte[] Zip, float[][] Scores)> Chain = new(() =>
    {
        var data = Tiny.Data(Context);
        var options = Tiny.Options with { Backbone = NoPropBackbone.Mlp, HiddenSize = 8 };
        using var model = Context.Transforms.NormalizeMeanVariance(options.FeatureColumnName, fixZero: false)
            .Append(Context.MulticlassClassification.Trainers.NoProp(options)).Fit(data);
        using var stream = new MemoryStream();
        Context.Model.Save(model, data.Schema, stream);
        return (stream.ToArray(), Tiny.Scores(Context, model, Tiny.Photos(2)));
    });

    [TestMethod]
    public void Load_ByteOfAnyEntryChanged_IsRefusedOrScoresTheSame()
    {
        var random = new Random(1);
        var (refused, ours) = (0, 0);
        foreach (var name in Names(Chain.Value.Zip).SelectMany(name => Enumerable.Repeat(name, 12)))
        {
            var bytes = WithWrongSum(Chain.Value.Zip, name, content => content[random.Next(content.Length)] ^= 1);
            try
            {
                using var stream = new MemoryStream(bytes);
                var model = Context.Model.Load(stream, out _);
                using var owner = (IDisposable)model;
                AssertSame(Chain.Value.Scores, Tiny.Scores(Context, model, Tiny.Photos(2)), name);
            }
            catch (Exception fault) when (fault is not AssertFailedException)
            {
                refused++;
                ours += Fault.IsOurs(fault, name) ? 1 : 0;
            }
        }

        Assert.IsGreaterThan(50, ours, $"of {refused} refusals");
    }

    [TestMethod]
    public void LoadAndCheck_NormalizerChanged_NameItsEntry()
    {
        using var folder = new TempFolder();
        var name = Names(Chain.Value.Zip)
            .First(name => name.Contains("Transform_000") && name.EndsWith("Model.key", StringComparison.Ordinal));
        File.WriteAllBytes(folder.File("m.zip"), WithWrongSum(Chain.Value.Zip, name, content => content[^12] ^= 1));

        Fault.Of<FormatException>(() => Context.Model.Load(folder.File("m.zip"), out _), $"The entry '{name}' {Changed}");
        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), $"The entry '{name}' {Changed}");
    }

    [TestMethod]
    public void Check_SchemaOfTheInputChanged_NamesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("m.zip"), WithWrongSum(Chain.Value.Zip, "Schema", content => content[20] ^= 1));

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), $"The entry 'Schema' {Changed}");
    }

    // A large model would take twice the time and memory.
    [TestMethod]
    public void Check_KeyOfAModelThereTwice_ReadsTheModelOnce()
    {
        using var folder = new TempFolder();
        var zip = Chain.Value.Zip;
        var key = Names(zip).Single(name => name.Contains("Transform_001") && name.EndsWith("Model.key", StringComparison.Ordinal));
        File.WriteAllBytes(folder.File("once.zip"), zip);
        File.WriteAllBytes(folder.File("twice.zip"), With(zip, key, Content(zip, key)));
        NoPropModelFile.Check(folder.File("once.zip")); // whatever is made for the first model alone

        Assert.IsLessThan(1.3, (double)Allocated("twice.zip") / Allocated("once.zip"));

        long Allocated(string name)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            NoPropModelFile.Check(folder.File(name));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    // ML.NET would unpack it elsewhere, or throw what says nothing.
    [TestMethod]
    [DataRow("../TransformerChain/Model.key")]
    [DataRow("TransformerChain/../../Model.key")]
    [DataRow("/tmp/Model.key")]
    public void LoadAndCheck_EntryOutsideOfTheModel_AreRefused(string name)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("m.zip"), With(Chain.Value.Zip, name, [1]));

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), $"The file holds an entry '{name}', which would");
        Fault.Of<FormatException>(() => Context.Model.Load(folder.File("m.zip"), out _), $"The file holds an entry '{name}', which would");
    }

    // ML.NET writes so on Windows, and reads so everywhere; and a program that packs a model's files again adds entries for folders.
    [TestMethod]
    [DataRow('\\', false)]
    [DataRow('/', true)]
    public void LoadAndCheck_NamesOfOtherMachines_AreReadAndProven(char separator, bool hasFolders)
    {
        using var folder = new TempFolder();
        byte[] zip = Packed(Chain.Value.Zip, name => name.Replace('/', separator));
        File.WriteAllBytes(folder.File("m.zip"), hasFolders ? With(zip, "TransformerChain/", []) : zip);
        var key = Names(zip).First(name => name.Contains("Transform_000") && name.EndsWith("Model.key", StringComparison.Ordinal));
        File.WriteAllBytes(folder.File("changed.zip"), WithWrongSum(zip, key, content => content[^12] ^= 1));

        NoPropModelFile.Check(folder.File("m.zip"));
        var model = Context.Model.Load(folder.File("m.zip"), out _);

        using var owner = (IDisposable)model;
        AssertSame(Chain.Value.Scores, Tiny.Scores(Context, model, Tiny.Photos(2)), "all");
        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("changed.zip")), $"The entry '{key}' {Changed}");
        Fault.Of<FormatException>(() => Context.Model.Load(folder.File("changed.zip"), out _), $"The entry '{key}' {Changed}");
    }

    [TestMethod]
    [DataRow("./")]
    [DataRow("a//")]
    [DataRow("a/./")]
    public void Check_NamesThatMLNetDoesNotFind_AreRefused(string before)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("m.zip"), Packed(Chain.Value.Zip, name => before + name));

        Fault.Of<FormatException>(
            () => NoPropModelFile.Check(folder.File("m.zip")),
            $"The file holds an entry '{before}TrainingInfo/Version.txt', which ML.NET does not find under this name;");
    }

    [TestMethod]
    public void Load_EntryThatBursts_IsLeftPacked()
    {
        using var stream = new MemoryStream(With(Chain.Value.Zip, "zeros", new byte[65 << 20]));
        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var model = (IDisposable)Context.Model.Load(stream, out _);

        Assert.IsLessThan(16 << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    private static void AssertSame(float[][] expected, float[][] found, string message)
    {
        for (var row = 0; row < expected.Length; row++)
        {
            CollectionAssert.AreEqual(expected[row], found[row], message);
        }
    }

    private static List<string> Names(byte[] bytes)
    {
        using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
        return [.. zip.Entries.Select(entry => entry.FullName)];
    }

    private static byte[] With(byte[] bytes, string name, byte[] content)
    {
        using var stream = new MemoryStream();
        stream.Write(bytes);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(name).Open();
            entry.Write(content);
        }

        return stream.ToArray();
    }

    private static byte[] Packed(byte[] bytes, Func<string, string> name)
    {
        using var stream = new MemoryStream();
        using (var from = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read))
        using (var to = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
            {
                using var source = entry.Open();
                using var target = to.CreateEntry(name(entry.FullName), CompressionLevel.NoCompression).Open();
                source.CopyTo(target);
            }
        }

        return stream.ToArray();
    }

    // Entries are written without compression, so that a changed byte is one of the entry; the check sum stays that of the right bytes.
    private static byte[] WithWrongSum(byte[] bytes, string name, Action<byte[]> change)
    {
        byte[] zip = Packed(bytes, static same => same);
        byte[] right = Content(zip, name);
        byte[] wrong = [.. right];
        change(wrong);
        wrong.CopyTo(zip, zip.AsSpan().IndexOf(right));
        return zip;
    }

    private static byte[] Content(byte[] bytes, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
        using var entry = zip.GetEntry(name)!.Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }
}
