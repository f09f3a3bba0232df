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
        var refused = 0;
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
            }
        }

        Assert.IsGreaterThan(50, refused);
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

    // ML.NET would unpack it elsewhere, or throw what says nothing.
    [TestMethod]
    [DataRow("../TransformerChain/Model.key")]
    [DataRow("TransformerChain/../../Model.key")]
    [DataRow("/tmp/Model.key")]
    public void LoadAndCheck_EntryOutsideOfTheModel_AreRefused(string name)
    {
        using var folder = new TempFolder();
        using var stream = new MemoryStream();
        stream.Write(Chain.Value.Zip);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(name).Open();
            entry.WriteByte(1);
        }

        File.WriteAllBytes(folder.File("m.zip"), stream.ToArray());

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), $"The file holds an entry '{name}', which would");
        Fault.Of<FormatException>(() => Context.Model.Load(folder.File("m.zip"), out _), $"The file holds an entry '{name}', which would");
    }

    [TestMethod]
    public void Load_EntryThatBursts_IsLeftPacked()
    {
        using var stream = new MemoryStream();
        stream.Write(Chain.Value.Zip);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("zeros").Open();
            entry.Write(new byte[65 << 20]);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        stream.Position = 0;
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

    // Entries are written without compression, so that a changed byte is one of the entry; the check sum stays that of the right bytes.
    private static byte[] WithWrongSum(byte[] bytes, string name, Action<byte[]> change)
    {
        using var stream = new MemoryStream();
        var right = Array.Empty<byte>();
        using (var from = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read))
        using (var to = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
            {
                using var content = new MemoryStream();
                using (var source = entry.Open())
                {
                    source.CopyTo(content);
                }

                using var target = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                target.Write(content.ToArray());
                right = entry.FullName == name ? content.ToArray() : right;
            }
        }

        byte[] zip = stream.ToArray();
        byte[] wrong = [.. right];
        change(wrong);
        wrong.CopyTo(zip, zip.AsSpan().IndexOf(right));
        return zip;
    }
}
