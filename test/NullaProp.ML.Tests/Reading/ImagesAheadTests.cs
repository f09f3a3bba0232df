using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.ImageFiles;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Photos that several threads decode come as from one: in their order, with their labels, and with the same faults.</summary>
[TestClass]
public sealed class ImagesAheadTests : IDisposable
{
    private const int Side = 8;
    private const int Count = 23; // no multiple of what is decoded at once

    private static readonly NoPropOptions Options = new() { FeatureColumnName = "Image", ExampleWeightColumnName = "Weight" };

    private readonly TempFolder _folder = new();
    private readonly MLContext _context = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(16)]
    public void Read_SeveralThreads_GivesTheRowsOfOne(int threads)
    {
        var data = Images(Photos());

        var (expected, actual) = (Rows(data, threads: 1), Rows(data, threads));

        Assert.HasCount(Count - 2, actual); // two have no label
        CollectionAssert.AreEqual(expected, actual);
        Assert.AreEqual(Count - 2, actual.DistinctBy(row => row.Pixel).Count()); // each is another picture
    }

    [TestMethod]
    public void Read_ContentsInPlaceOfPaths_GivesTheRowsOfOneThread()
    {
        var rows = Photos().Select(photo => new Upload
        {
            Label = photo.Label,
            Weight = photo.Weight,
            Contents = File.ReadAllBytes(photo.ImagePath),
        });
        var data = _context.Data.LoadFromEnumerable(rows);
        var last = _context.Transforms.LoadImageFiles("Image", Side, Side, inputColumnName: "Contents").Fit(data).Transform(data);

        CollectionAssert.AreEqual(Rows(last, threads: 1), Rows(last, threads: 4));
    }

    // The rows before are given all the same, and of two broken files the first is named.
    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void Read_BrokenFiles_NamesTheFirstAfterTheRowsBefore(int threads)
    {
        var photos = Photos();
        File.WriteAllText(photos[7].ImagePath, "no picture");
        File.WriteAllText(photos[9].ImagePath, "no picture");
        List<Row> read = [];

        var fault = Assert.Throws<InvalidOperationException>(() => Read(Images(photos), threads, read.Add));

        Assert.StartsWith($"Row 7 (ImagePath '{photos[7].ImagePath}') could not be read: ", fault.Message);
        Assert.HasCount(6, read); // row 3 has no label
    }

    [TestMethod]
    public void Read_BrokenFileWithoutLabel_IsNotLookedAt()
    {
        var photos = Photos();
        File.WriteAllText(photos[3].ImagePath, "no picture");

        Assert.HasCount(Count - 2, Rows(Images(photos), threads: 4));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void Read_SourceThatFails_GivesTheRowsBefore(int threads)
    {
        List<Row> read = [];
        var data = Images(Photos().Select((photo, i) => i == 10 ? throw new IOException("the line is cut") : photo));

        var fault = Assert.Throws<InvalidOperationException>(() => Read(data, threads, read.Add));

        Assert.Contains("could not be read beyond its first 10 rows for column 'Image': the line is cut.", fault.Message);
        Assert.HasCount(9, read);
    }

    // ML.NET's own steps, and columns that another transform made since, are read as they come.
    [TestMethod]
    public void Cursor_ImagesThatAreNotTheLastColumn_IsTheDatasOwn()
    {
        var below = Images(Photos());
        var data = _context.Transforms.CopyColumns("Other", "Weight").Fit(below).Transform(below);

        using var cursor = ImagesAhead.Cursor(data, data.Schema["Image"], [data.Schema["Label"]], order: null, threads: 4);
        using var ahead = ImagesAhead.Cursor(below, below.Schema["Image"], [below.Schema["Label"]], order: null, threads: 4);

        Assert.IsNotInstanceOfType<ImagesAhead>(cursor);
        Assert.IsInstanceOfType<ImagesAhead>(ahead);
    }

    private static List<Row> Rows(IDataView data, int threads)
    {
        List<Row> rows = [];
        Read(data, threads, rows.Add);
        return rows;
    }

    private static void Read(IDataView data, int threads, Action<Row> add)
    {
        var rows = new LabelledRows(data, Options, wanted: null, static () => { }, threads: threads);
        var pixels = new float[rows.Shape.Size];
        foreach (var row in rows.Read(pixels))
        {
            add(new Row(row.Label, row.Weight, pixels[0]));
        }
    }

    private List<Photo> Photos() =>
    [
        .. Enumerable.Range(0, Count).Select(i =>
        {
            var path = _folder.File($"{i}.png");
            File.WriteAllBytes(path, OddImages.Png(Side, 8, 0, (_, _) => [(byte)(10 * i)]));
            return new Photo { ImagePath = path, Label = i is 3 or 15 ? 3 : (uint)(i % 3), Weight = 1 + i };
        }),
    ];

    private IDataView Images(IEnumerable<Photo> photos)
    {
        var data = _context.Data.LoadFromEnumerable(photos);
        return _context.Transforms.LoadImageFiles("Image", Side, Side).Fit(data).Transform(data);
    }

    private readonly record struct Row(int Label, float Weight, float Pixel);

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        [KeyType(3)]
        public uint Label { get; set; } // 3, beyond the last: none

        public float Weight { get; set; }
    }

    private sealed class Upload
    {
        public byte[] Contents { get; set; } = [];

        [KeyType(3)]
        public uint Label { get; set; } // 3, beyond the last: none

        public float Weight { get; set; }
    }
}
