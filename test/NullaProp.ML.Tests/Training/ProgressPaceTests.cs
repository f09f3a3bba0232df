using NullaProp.ML.Tests.Support;
using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Training;

/// <summary>How far a training says that it is, by a clock of the test's own.</summary>
[TestClass]
public sealed class ProgressPaceTests
{
    [TestMethod]
    public void Row_SourceThatClaimsEndlessRows_TellsNoTimeLeft()
    {
        var (time, reports) = (new ManualTime(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(long.MaxValue);
        time.Milliseconds = 2_000;
        pace.Row();

        Assert.IsNull(reports.Reports.Single().TimeLeft);
        Assert.AreEqual(long.MaxValue, reports.Reports.Single().Steps);
    }

    [TestMethod]
    public void Row_HalfOfTheRows_TakesAsLongAgain()
    {
        var (time, reports) = (new ManualTime(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(2);
        time.Milliseconds = 7_000;
        pace.Row();

        Assert.AreEqual(TimeSpan.FromSeconds(7), reports.Reports.Single().TimeLeft);
    }

    // To compare the data with a checkpoint's, or to look for prototypes.
    [TestMethod]
    public void Row_ReadAnewAfterAllWereRead_TellsNothing()
    {
        var (time, reports) = (new ManualTime(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(1);
        pace.Row();
        pace.EndReading();
        time.Milliseconds = 9_000;
        pace.Row();

        Assert.IsEmpty(reports.Reports);
    }
}
