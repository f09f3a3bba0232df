using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;
using IOFile = System.IO.File;

namespace NullaProp.ML.Tests.TrainingImages;

/// <summary>What a pretrained network saw in images, kept for a training that is started again.</summary>
[TestClass]
public sealed class FeatureFileTests : IDisposable
{
    private const int Size = 2; // features of an image of three pixels

    private static readonly float[] First = [1, 2, 3];
    private static readonly float[] Second = [4, 5, 6];
    private static readonly float[] Third = [7, 8, 9];

    private readonly List<float[]> _computed = [];
    private readonly List<string> _told = [];
    private readonly TempFolder _folder = new();

    private string File => _folder.File("features");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Write_ImagesThatWereThere_AreReadAndOthersComputed()
    {
        CollectionAssert.AreEqual(Features(First, Second), Seen("network", First, Second));
        _computed.Clear();

        var seen = Seen("network", Third, Second, First);

        CollectionAssert.AreEqual(Features(Third, Second, First), seen);
        CollectionAssert.AreEqual(Third, _computed.Single());
        Assert.AreEqual($"What the pretrained network saw in photos before is read from '{File}'.", _told.Single());
        _computed.Clear();
        CollectionAssert.AreEqual(seen, Seen("network", Third, Second, First));
        Assert.IsEmpty(_computed);
    }

    [TestMethod]
    public void Write_AnotherNetwork_ComputesAnewAndKeepsBoth()
    {
        Seen("network", First);
        _computed.Clear();
        Seen("another", First);
        CollectionAssert.AreEqual(First, _computed.Single());
        _computed.Clear();

        Seen("another", First);
        Seen("network", First);

        Assert.IsEmpty(_computed);
    }

    [TestMethod]
    public void Write_AnyByteDamagedOrCut_ComputesThatImageAnew()
    {
        Seen("network", First, Second);
        var whole = IOFile.ReadAllBytes(File);
        var second = (Header.Length + whole.Length) / 2;
        for (var place = second; place < whole.Length; place++)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= 0x10;
            foreach (var left in new[] { damaged, whole[..place] })
            {
                IOFile.WriteAllBytes(File, left);
                _computed.Clear();

                CollectionAssert.AreEqual(Features(First, Second), Seen("network", First, Second), $"byte {place}");

                CollectionAssert.AreEqual(Second, _computed.Single(), $"byte {place}");
            }
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(20)]
    public void Constructor_KilledAtItsFirstBytes_BeginsAnew(int length)
    {
        IOFile.WriteAllText(File, Header[..length]);

        Seen("network", First);
        _computed.Clear();

        CollectionAssert.AreEqual(Features(First), Seen("network", First));
        Assert.IsEmpty(_computed);
    }

    [TestMethod]
    [DataRow("zeros")]
    [DataRow("one byte")]
    public void Constructor_DamagedAtItsFirstBytes_KeepsItsRecords(string damage)
    {
        Seen("network", First, Second);
        var whole = IOFile.ReadAllBytes(File);
        Array.Clear(whole, 0, damage == "zeros" ? Header.Length : 1);
        IOFile.WriteAllBytes(File, whole);
        _computed.Clear();

        CollectionAssert.AreEqual(Features(First, Second), Seen("network", First, Second));

        Assert.IsEmpty(_computed);
    }

    // A folder of checkpoints may be the current one, with anything in it.
    [TestMethod]
    [DataRow(3)]
    [DataRow(100_000)]
    public void Constructor_FileOfSomebodyElse_SaysSoAndLeavesIt(int length)
    {
        byte[] theirs = [.. Enumerable.Range(0, length).Select(i => (byte)('0' + (i % 10)))];
        IOFile.WriteAllBytes(File, theirs);

        var fault = Assert.ThrowsExactly<IOException>(() => Open("network"));

        Assert.Contains($"The file '{File}' is another's: ", fault.Message);
        CollectionAssert.AreEqual(theirs, IOFile.ReadAllBytes(File));
    }

    [TestMethod]
    public void Constructor_PathOfAFolder_SaysWhatToDo()
    {
        Directory.CreateDirectory(File);

        var fault = Assert.ThrowsExactly<IOException>(() => Open("network"));

        Assert.Contains($"The file '{File}' of what the pretrained network saw in the photos cannot be opened: ", fault.Message);
        Assert.Contains("Delete it, or choose another folder for checkpoints.", fault.Message);
    }

    private static string Header => "What a pretrained network of NullaProp.ML saw in photos\n";

    private static float[] Features(params float[][] images) => [.. images.SelectMany(image => new[] { image[0] * 10, image[2] / 3 })];

    private float[] Seen(string network, params float[][] images)
    {
        using var file = Open(network);
        var features = new float[images.Length * Size];
        file.Write([.. images.SelectMany(image => image)], features);
        return features;
    }

    private FeatureFile Open(string network) => new(
        File, System.Text.Encoding.UTF8.GetBytes(network), Size, Compute, _told.Add, warning => Assert.Fail(warning));

    private void Compute(ReadOnlySpan<float> pixels, Span<float> features)
    {
        float[][] images = [.. pixels.ToArray().Chunk(First.Length)];
        _computed.AddRange(images);
        Features(images).CopyTo(features);
    }
}
