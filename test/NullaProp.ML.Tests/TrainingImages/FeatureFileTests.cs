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
        var second = whole.Length / 2;
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
    public void Constructor_PathOfAFolder_SaysWhatToDo()
    {
        Directory.CreateDirectory(File);

        var fault = Assert.ThrowsExactly<IOException>(() => Open("network"));

        Assert.Contains($"The file '{File}' of what the pretrained network saw in the photos cannot be opened: ", fault.Message);
        Assert.Contains("Delete it, or choose another folder for checkpoints.", fault.Message);
    }

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
