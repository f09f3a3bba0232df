using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.TrainingImages;

[TestClass]
public sealed class ChannelMomentsTests
{
    private static readonly ImageShape Table = new(1, 1, 1);

    [TestMethod]
    [DataRow(12345.678f)]
    [DataRow(1.7e9f)]
    [DataRow(0.1f)]
    [DataRow(-3e38f)]
    public void Statistics_ValueThatNeverChanges_HasDeviationAndScaleZero(float value)
    {
        var statistics = Of(Table, Enumerable.Repeat(value, 1_000));

        Assert.AreEqual(value, statistics.Mean[0]);
        Assert.AreEqual(0, statistics.Deviation[0]);
        Assert.AreEqual(0, statistics.Scale[0]);
    }

    [TestMethod]
    [DataRow(1e-36f)]
    [DataRow(1e-30f)]
    [DataRow(1f)]
    [DataRow(1e30f)]
    public void Statistics_AnyScale_IsMeasuredExactly(float unit)
    {
        // −1 and 3 in turn: mean 1, deviation 2.
        var statistics = Of(Table, Enumerable.Range(0, 1_000).Select(i => i % 2 == 0 ? -unit : 3 * unit));

        Assert.AreEqual(1, statistics.Mean[0] / unit, 1e-6);
        Assert.AreEqual(2, statistics.Deviation[0] / unit, 1e-6);
        Assert.AreEqual(0.5, statistics.Scale[0] * unit, 1e-6);
    }

    [TestMethod]
    public void Statistics_FarFromZero_KeepsTheDeviation()
    {
        // Neighbours in single precision, 128 apart: E[x²] − E[x]² has lost it.
        var statistics = Of(Table, Enumerable.Range(0, 1_000).Select(i => 1.7e9f + (128 * (i % 2))));

        Assert.AreEqual(64, statistics.Deviation[0], 1e-9);
    }

    [TestMethod]
    public void Warnings_TableWithConstantSlots_NamesThem()
    {
        var moments = new ChannelMoments(new ImageShape(5, 1, 1));
        moments.Add([1, 7, 3, 0, 2]);
        moments.Add([2, 7, 4, 0, 2]);

        var warnings = moments.Statistics().Warnings(new ImageShape(5, 1, 1), ["a", "b", "c", "", "e"]).ToList();

        CollectionAssert.AreEqual(
            new[] { "3 of 5 features never vary in the training data and have no influence: slots 1 (b), 3, 4 (e)." },
            warnings);
    }

    [TestMethod]
    public void Warnings_ValuesTooSmallToBeScaled_AreNotSaidNeverToVary()
    {
        var statistics = Of(Table, Enumerable.Range(0, 100).Select(i => 1e-38f * (i % 2)));

        Assert.AreEqual(
            "The values of 1 of 1 features differ by less than single precision can be scaled by, and have no influence: slots 0. "
                + "Multiply them by a constant before they become Single.",
            statistics.Warnings(Table, []).Single());
    }

    [TestMethod]
    [DataRow(0f, 255f, true)]
    [DataRow(0f, 100f, true)]
    [DataRow(0f, 900f, false)] // no pixels
    [DataRow(-1f, 255f, false)]
    [DataRow(0f, 30f, false)] // of a smaller range, or all taken at night
    public void AreOfBytes_ImagesOfSomeRange_TellsPixels(float least, float most, bool isOfBytes)
    {
        var moments = new ChannelMoments(new ImageShape(1, 2, 2));
        moments.Add([least, most, most, least]);

        Assert.AreEqual(isOfBytes, moments.Statistics().AreOfBytes);
    }

    [TestMethod]
    public void AreOfBytes_OneImageAsIfDividedBy255_IsNoReasonToRefuseItLater()
    {
        var moments = new ChannelMoments(new ImageShape(1, 2, 2));
        moments.Add([200, 255, 0, 100]);
        moments.Add([0.5f, 0.25f, 1, 0]);

        Assert.IsFalse(moments.Statistics().AreOfBytes);
    }

    [TestMethod]
    public void Warnings_ImageChannelThatNeverVaries_IsCalledAChannel()
    {
        var moments = new ChannelMoments(new ImageShape(2, 1, 2));
        moments.Add([1, 2, 255, 255]);

        CollectionAssert.AreEqual(
            new[] { "1 of 2 channels never vary in the training data and have no influence: channels 1." },
            moments.Statistics().Warnings(new ImageShape(2, 1, 2), []).ToList());
    }

    [TestMethod]
    public void Warnings_ValuesSinglePrecisionHardlyTellsApart_SaysInWhichSteps()
    {
        var statistics = Of(Table, Enumerable.Range(0, 100).Select(i => 1.7e9f + (128 * (i % 2))));

        var warning = statistics.Warnings(Table, []).Single();

        Assert.Contains(
            "1 of 1 features lie so far from 0 that single precision hardly tells them apart (about 1.7E+09 in steps of 1.3E+02): slots 0.",
            warning);
    }

    // A slip of the keyboard scales all others to one point. A word that few rows have is none.
    [TestMethod]
    [DataRow(1e20f, true)]
    [DataRow(-3.4e38f, true)]
    [DataRow(500f, true)]
    [DataRow(10f, false)]
    public void Warnings_OneValueFarFromAllOthers_IsNamed(float value, bool isNamed)
    {
        var values = Enumerable.Range(0, 150).Select(row => row == 70 ? value : 4 + (row % 7 * 0.5f));

        var warnings = Of(Table, values).Warnings(Table, ["length"]).ToList();
        var rareWord = Of(Table, Enumerable.Range(0, 150).Select(row => row == 70 ? 1f : row == 80 ? 0.01f : 0f)).Warnings(Table, ["word"]);

        Assert.AreEqual(isNamed, warnings.Count == 1 && warnings[0].EndsWith(
            "that nothing tells these apart: slots 0 (length). Mend the row, or leave it out.", StringComparison.Ordinal));
        Assert.HasCount(isNamed ? 1 : 0, warnings);
        Assert.IsEmpty(rareWord);
    }

    [TestMethod]
    public void Warnings_PixelsOfBytes_AreNone() =>
        Assert.IsEmpty(Of(Table, Enumerable.Range(0, 256).Select(i => (float)i)).Warnings(Table, []));

    private static ChannelStatistics Of(ImageShape shape, IEnumerable<float> values)
    {
        var moments = new ChannelMoments(shape);
        foreach (var value in values)
        {
            moments.Add([value]);
        }

        return moments.Statistics();
    }
}
