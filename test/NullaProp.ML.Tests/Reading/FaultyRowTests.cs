using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Sources that fail while they are read: the first fault is told, in our sentence, and no cursor stays open.</summary>
[TestClass]
public sealed class FaultyRowTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void Read_SourceThatFailsAtEveryReading_NamesRowAndColumn()
    {
        var data = new CountedCursors(
            Context.Data.LoadFromEnumerable(Photos(3, static _ => new IOException("The disk is gone."))),
            rows: 8);

        Fault.Of<InvalidOperationException>(
            () => Read(data),
            "The data before NoProp could not be read at row 3 for column 'Features': The disk is gone. Mend it, or remove its rows "
                + "that cannot be read.");

        Assert.AreEqual((2, 2), (data.Opened, data.Closed));
    }

    [TestMethod]
    public void Read_SourceThatCanBeReadButOnce_TellsTheFirstFault()
    {
        var data = Context.Data.LoadFromEnumerable(Photos(3, static reading => reading == 1
            ? new InvalidOperationException("Row is damaged.")
            : new InvalidOperationException("Read already.")));

        var fault = Fault.Of<InvalidOperationException>(
            () => Read(data),
            "The data before NoProp could not be read beyond its first 3 rows for column 'Features': Row is damaged.");

        Assert.DoesNotContain("already", fault.Message);
    }

    [TestMethod]
    public void Read_AbandonedOrFailing_ClosesItsCursor()
    {
        var data = new CountedCursors(Tiny.Data(Context));
        var photos = Tiny.Photos();
        photos[2].Features[0] = float.NaN;
        var bad = new CountedCursors(Context.Data.LoadFromEnumerable(photos));

        Assert.AreEqual(0, Rows(data).Read(new float[64]).First().Label);
        Fault.Of<InvalidOperationException>(() => Read(bad), "Row 2");

        Assert.AreEqual((1, 1), (data.Opened, data.Closed));
        Assert.AreEqual((1, 1), (bad.Opened, bad.Closed));
    }

    [TestMethod]
    public void Read_ValuesThatFail_NameRowAndColumn()
    {
        var data = new CountedCursors(Tiny.Data(Context), failing: "Label");

        Fault.Of<InvalidOperationException>(() => Read(data), "Row 0 (Name 'photo 0') could not be read in column 'Label': No value.");

        Assert.AreEqual(data.Opened, data.Closed);
    }

    [TestMethod]
    public void Read_TextThatFailsToo_DoesNotHideTheFault()
    {
        var photos = Tiny.Photos();
        photos[2].Features[0] = float.NaN;
        var data = new CountedCursors(Context.Data.LoadFromEnumerable(photos), failing: "Name");

        Fault.Of<InvalidOperationException>(() => Read(data), "Row 2 holds NaN as pixel value 0");
    }

    [TestMethod]
    public void Dispose_ImagesMadeForTheReader_FreesTheLast()
    {
        var made = new List<MLImage>();
        ValueGetter<MLImage> getter = (ref MLImage image) =>
        {
            image?.Dispose(); // as ML.NET's transforms do
            image = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, new byte[256]);
            made.Add(image);
        };

        using (var reader = new ImagePixelReader(getter, new ImageShape(3, 8, 8)))
        {
            reader.Read(new float[192]);
            reader.Read(new float[192]);
        }

        Assert.IsNotEmpty(made);
        Assert.IsTrue(made.All(IsFree));
    }

    [TestMethod]
    public void Dispose_ImagesOfTheUser_StayTheirs()
    {
        using var image = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, new byte[256]);

        using (var reader = new ImagePixelReader((ref MLImage read) => read = image, new ImageShape(3, 8, 8)))
        {
            reader.Read(new float[192]);
        }

        Assert.IsFalse(IsFree(image));
    }

    private static bool IsFree(MLImage image)
    {
        try
        {
            return image.Width < 0;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static LabelledRows Rows(IDataView data) => new(data, new NoPropOptions(), wanted: null, checkAlive: static () => { });

    private static void Read(IDataView data) => Assert.IsGreaterThan(0, Rows(data).Read(new float[64]).Count());

    private static FailingPhotos Photos(int good, Func<int, Exception> fault) => new(good, fault);

    // Fails after some rows, at each reading with a fault of its own.
    private sealed class FailingPhotos(int good, Func<int, Exception> fault) : IEnumerable<Photo>
    {
        private int _readings;

        public IEnumerator<Photo> GetEnumerator()
        {
            var reading = ++_readings;
            for (var i = 0; i < good; i++)
            {
                yield return Tiny.Photo(i);
            }

            throw fault(reading);
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
