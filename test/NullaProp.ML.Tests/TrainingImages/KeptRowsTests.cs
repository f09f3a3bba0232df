using Microsoft.ML;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.TrainingImages;

/// <summary>Features that take more memory than allowed.</summary>
[TestClass]
public sealed class KeptRowsTests
{
    private const int Rows = 48;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context, Rows);
    private static readonly ImageShape Shape = new(2, 1, 1);
    private static readonly ImageShape ImageSize = new(1, TinyImages.Side, TinyImages.Side);

    [TestMethod]
    public void LoadTraining_FeaturesBeyondMemory_AreComputedOnceForAllEpochs()
    {
        using var folder = new TempFolder();
        var computed = 0;
        using var few = Loader(folder.Path, Compute);
        using var enough = Loader(folder.Path, Features, bytes: 1 << 20);

        var (streamed, stored) = (Load(few), Load(enough));

        for (var epoch = 0; epoch < 3; epoch++)
        {
            CollectionAssert.AreEqual(Sums(stored, epoch), Sums(streamed, epoch));
        }

        Assert.IsInstanceOfType<ImageStream>(streamed);
        Assert.AreEqual(Rows, computed);
        Assert.AreEqual(stored.Hash(), streamed.Hash());

        void Compute(ReadOnlySpan<float> pixels, Span<float> features)
        {
            computed += features.Length / Shape.Size;
            Features(pixels, features);
        }
    }

    [TestMethod]
    public void Load_FeaturesBeyondMemory_AreReadInTheirOrder()
    {
        using var folder = new TempFolder();
        using var few = Loader(folder.Path, Features);
        using var enough = Loader(folder.Path, Features, bytes: 1 << 20);

        var (kept, stored) = (few.Load(Data, wanted: null, "validation"), enough.Load(Data, wanted: null, "validation"));

        Assert.IsInstanceOfType<OrderedImages>(kept);
        Assert.AreEqual((Rows, stored.Hash()), (kept.Count, kept.Hash()));
    }

    [TestMethod]
    public void Again_InRandomOrder_GivesEveryRowOnceWithItsOwnValues()
    {
        using var folder = new TempFolder();
        using var kept = new KeptRows(new LabelledRows(Data, new NoPropOptions(), wanted: null, static () => { }), folder.Path);
        var image = new float[ImageSize.Size];
        for (var row = 0; row < Rows; row++)
        {
            Array.Fill(image, row);
            kept.Add(image, new LabelledRow(row % 2, row));
        }

        var first = Order(epoch: 0);

        CollectionAssert.AreEqual(first, Order(epoch: 0));
        CollectionAssert.AreNotEqual(first, Order(epoch: 1));
        CollectionAssert.AreNotEqual(Enumerable.Range(0, Rows).ToArray(), first);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, Rows).ToArray(), first);

        int[] Order(int epoch) =>
        [
            .. kept.Again(image, Rows, new RandomStreams(1).Of("order", epoch)).Select(row =>
            {
                Assert.AreEqual((image[0], image[^1], row.Label), (row.Weight, row.Weight, (int)row.Weight % 2));
                return (int)row.Weight;
            }),
        ];
    }

    // A training that goes on on another kind of processor is on the same data.
    [TestMethod]
    [DataRow(64)]
    [DataRow(1 << 20)]
    public void Hash_OfFeaturesThatDifferInTheirLastBits_IsTheImages(int bytes)
    {
        using var folder = new TempFolder();
        using var one = Loader(folder.Path, Features, bytes);
        using var other = Loader(folder.Path, Rounded, bytes);
        var fewer = Context.Data.TakeRows(Data, Rows - 1);

        Assert.AreEqual(Load(one).Hash(), Load(other).Hash());
        Assert.AreEqual(one.Load(Data, null, "validation").Hash(), other.Load(Data, null, "validation").Hash());
        Assert.AreNotEqual(one.Load(Data, null, "validation").Hash(), one.Load(fewer, null, "validation").Hash());

        void Rounded(ReadOnlySpan<float> pixels, Span<float> features)
        {
            Features(pixels, features);
            features[0] = MathF.BitIncrement(features[0]);
        }
    }

    [TestMethod]
    public void Dispose_AndAFault_LeaveNoFile()
    {
        var batches = 0;
        using var folder = new TempFolder();
        using (var loader = Loader(folder.Path, Features))
        {
            Load(loader);
        }

        using (var broken = Loader(folder.Path, Break))
        {
            Assert.ThrowsExactly<InvalidDataException>(() => Load(broken));
        }

        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder.Path));

        // Of three batches of 16 the second, when the file is made.
        void Break(ReadOnlySpan<float> pixels, Span<float> features)
        {
            if (++batches == 2)
            {
                throw new InvalidDataException();
            }

            Features(pixels, features);
        }
    }

    [TestMethod]
    public void LoadTraining_FolderThatCannotBeWritten_SaysWhatToDo()
    {
        using var folder = new TempFolder();
        using var loader = Loader(folder.File("nowhere"), Features);

        var fault = Assert.ThrowsExactly<IOException>(() => Load(loader));

        Assert.Contains("takes more than MaxCachedBytes, and the temporary file '", fault.Message);
        Assert.Contains("or raise the option", fault.Message);
    }

    private static ITrainingImages Load(ImageLoader loader) => loader.LoadTraining(Data, ImageSize, static _ => { });

    // Allowed are 8 of 48 rows of two values.
    private static ImageLoader Loader(string folder, FeatureWriter write, long bytes = 64) =>
        new(
            TinyImages.Options with { MaxCachedBytes = bytes },
            static () => { },
            static _ => { },
            new ImageFeatures(Shape, write, new PixelRange(isOfBytes: false)))
        {
            Folder = folder,
        };

    private static void Features(ReadOnlySpan<float> pixels, Span<float> features)
    {
        for (var row = 0; row < features.Length / Shape.Size; row++)
        {
            var image = pixels.Slice(row * TinyImages.Size, TinyImages.Size);
            (features[row * 2], features[(row * 2) + 1]) = (image[0] + 0.5f, image[^1] / 3);
        }
    }

    // Of an epoch's batches, sorted: a stream draws another order.
    private static float[] Sums(ITrainingImages images, int epoch)
    {
        var sums = new List<float>();
        foreach (var batch in images.Epoch(batchSize: 1, new RandomStreams(1).Of("order", epoch)))
        {
            using (batch)
            {
                using var values = batch.Pixels.sum();
                sums.Add(values.item<float>());
            }
        }

        return [.. sums.Order()];
    }
}
