using Microsoft.ML;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.TrainingImages;

/// <summary>Images to measure on that take more memory than allowed.</summary>
[TestClass]
public sealed class OrderedImagesTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void InOrder_Twice_GivesEveryRowInItsOrder()
    {
        var images = new OrderedImages(Rows(() => 10), 10, hash: "");

        for (var pass = 0; pass < 2; pass++)
        {
            var (sizes, labels) = (new List<long>(), new List<long>());
            foreach (var batch in images.InOrder(4))
            {
                using (batch)
                {
                    sizes.Add(batch.Pixels.shape[0]);
                    labels.AddRange(batch.Labels.data<long>().ToArray());
                }
            }

            CollectionAssert.AreEqual(new long[] { 4, 4, 2 }, sizes);
            CollectionAssert.AreEqual(Enumerable.Range(0, 10).Select(row => (long)row % 2).ToArray(), labels);
        }
    }

    [TestMethod]
    [DataRow(9, "10 labelled rows at one reading and 9 at the next")]
    [DataRow(11, "10 labelled rows at one reading and more than 10 at the next")]
    public void InOrder_DataThatChanges_SaysSo(int later, string sentence)
    {
        var images = new OrderedImages(Rows(() => later), 10, hash: "");

        Fault.Of<InvalidOperationException>(() => ReadAll(images), sentence);

        static void ReadAll(OrderedImages images)
        {
            foreach (var batch in images.InOrder(4))
            {
                batch.Dispose();
            }
        }
    }

    [TestMethod]
    public void Fit_ValidationAboveMaxCachedBytes_MeasuresAsInMemory()
    {
        var train = TinyImages.Keys(Context, 48);
        var validation = TinyImages.WithKeys(Context, TinyImages.Texts(Context, 1_200, seed: 3)); // 64 bytes each
        var (inMemory, streamed) = (new Recorder<EpochMetrics>(), new Recorder<EpochMetrics>());

        using var one = Trainer(1L << 30).Fit(train, validation, inMemory);
        using var other = Trainer(65_536).Fit(train, validation, streamed);

        CollectionAssert.AreEqual(
            inMemory.Reports.Select(epoch => (epoch.ValidationLogLoss, epoch.ValidationAccuracy)).ToArray(),
            streamed.Reports.Select(epoch => (epoch.ValidationLogLoss, epoch.ValidationAccuracy)).ToArray());
        Assert.AreEqual(one.Diagnose(validation), other.Diagnose(validation));
    }

    [TestMethod]
    [DataRow(65_536L, true)]
    [DataRow(1L << 30, false)]
    public void Load_AboveMaxCachedBytes_KeepsNoImages(long allowed, bool isStream)
    {
        var options = new NoPropOptions { MaxCachedBytes = allowed };

        var images = new ImageLoader(options, static () => { }, static _ => { }).Load(
            TinyImages.Keys(Context, 1_200),
            wanted: null,
            "validation");

        Assert.AreEqual(isStream, images is OrderedImages);
        Assert.AreEqual(1_200, images.Count);
    }

    private static NoPropTrainer Trainer(long allowed) => TinyImages.Trainer(Context, options => options with { MaxCachedBytes = allowed });

    private static LabelledRows Rows(Func<int> count)
    {
        return new(Context.Data.LoadFromEnumerable(Photos()), new NoPropOptions(), wanted: null, checkAlive: static () => { });

        IEnumerable<Photo> Photos()
        {
            for (var i = 0; i < count(); i++)
            {
                yield return Tiny.Photo(i);
            }
        }
    }
}
