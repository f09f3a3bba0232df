using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Interop;

/// <summary>ML.NET reads the schema of a model before it asks anybody, and some changes of it without end.</summary>
[TestClass]
public sealed class SchemaEntryTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void MissingDimensions_WhatMLNetSaves_HasAll()
    {
        var many = Columns(
            ("VBuffer", new VectorDataViewType(NumberDataViewType.Single, 3)),
            ("\aVBuffer", NumberDataViewType.Single),
            ("a", new VectorDataViewType(NumberDataViewType.Byte, 1, 512, 1, 1)),
            ("b", new VectorDataViewType(NumberDataViewType.Double)),
            ("c", new VectorDataViewType(new KeyDataViewType(typeof(uint), 200), 300)),
            ("d", new VectorDataViewType(TextDataViewType.Instance, 70_000)),
            ("e", new KeyDataViewType(typeof(ulong), 5)),
            (new string('n', 300), new VectorDataViewType(BooleanDataViewType.Instance, 0, 2)));

        Assert.IsNull(SchemaEntry.MissingDimensions(new MemoryStream(Saved(many))));
    }

    [TestMethod]
    [DataRow(0x4000_0003)]
    [DataRow(0x0001_0003)]
    [DataRow(4)]
    [DataRow(2)]
    [DataRow(-3)]
    public void MissingDimensions_AnotherNumberOfThem_IsWhatItPromises(int promised)
    {
        var saved = Saved(Columns(("a", new VectorDataViewType(NumberDataViewType.Single, 8, 9, 10))));
        var place = saved.AsSpan().IndexOf(new byte[] { 3, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10 });
        BinaryPrimitives.WriteInt32LittleEndian(saved.AsSpan(place), promised);

        Assert.AreEqual(promised, SchemaEntry.MissingDimensions(new MemoryStream(saved)));
    }

    // Wherever it lies among what is read at once.
    [TestMethod]
    [DataRow(65_000)]
    [DataRow(65_480)]
    [DataRow(65_536)]
    [DataRow(200_000)]
    public void MissingDimensions_BehindMuchElse_AreFound(int before)
    {
        byte[] vector = [.. "\aVBuffer\u0018\u0006Single\0"u8, 3, 0, 0, 0x40, 8, 0, 0, 0, 9, 0, 0, 0, 10, 0, 0, 0];

        Assert.AreEqual(0x4000_0003, SchemaEntry.MissingDimensions(new MemoryStream([.. new byte[before], .. vector])));
    }

    [TestMethod]
    public void MissingDimensions_AnyBytes_DoesNotThrow()
    {
        var random = new Random(1);
        var saved = Saved(Columns(("a", new VectorDataViewType(NumberDataViewType.Single, 8, 9, 10))));
        for (var i = 0; i < 2000; i++)
        {
            var changed = saved.ToArray()[..random.Next(saved.Length)];
            random.NextBytes(changed.AsSpan(random.Next(changed.Length + 1)));
            SchemaEntry.MissingDimensions(new MemoryStream(changed));
        }
    }

    [TestMethod]
    public void Check_ModelThatMLNetWouldReadWithoutEnd_IsRefused()
    {
        using var folder = new TempFolder();
        using (var model = Tiny.Model(Context))
        {
            Context.Model.Save(model, Tiny.Data(Context).Schema, folder.File("m.zip"));
        }

        using (var zip = ZipFile.Open(folder.File("m.zip"), ZipArchiveMode.Update))
        {
            var contents = Contents(zip);
            contents[contents.AsSpan().IndexOf(new byte[] { 3, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8 }) + 3] = 0x40;
            zip.GetEntry(SchemaEntry.Name)!.Delete();
            using var entry = zip.CreateEntry(SchemaEntry.Name).Open();
            entry.Write(contents);
        }

        Fault.Of<FormatException>(
            () => NoPropModelFile.Check(folder.File("m.zip")),
            "The entry 'Schema' of the file promises a vector of 1073741827 dimensions that are not there");
    }

    private static DataViewSchema Columns(params (string Name, DataViewType Type)[] columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type) in columns)
        {
            builder.AddColumn(name, type);
        }

        return builder.ToSchema();
    }

    private static byte[] Saved(DataViewSchema schema)
    {
        using var stream = new MemoryStream();
        var transformer = Context.Transforms.CopyColumns("copy", "x").Fit(Context.Data.LoadFromEnumerable([new { x = 1f }]));
        Context.Model.Save(transformer, schema, stream);
        using var zip = new ZipArchive(stream);
        return Contents(zip);
    }

    private static byte[] Contents(ZipArchive zip)
    {
        using var entry = zip.GetEntry(SchemaEntry.Name)!.Open();
        using var contents = new MemoryStream();
        entry.CopyTo(contents);
        return contents.ToArray();
    }
}
