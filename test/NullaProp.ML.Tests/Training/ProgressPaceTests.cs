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
        var (time, reports) = (new Seconds(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(long.MaxValue);
        time.Now = 2;
        pace.Row();

        Assert.IsNull(reports.Reports.Single().TimeLeft);
        Assert.AreEqual(long.MaxValue, reports.Reports.Single().Steps);
    }

    [TestMethod]
    public void Row_HalfOfTheRows_TakesAsLongAgain()
    {
        var (time, reports) = (new Seconds(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(2);
        time.Now = 7;
        pace.Row();

        Assert.AreEqual(TimeSpan.FromSeconds(7), reports.Reports.Single().TimeLeft);
    }

    // To compare the data with a checkpoint's, or to look for prototypes.
    [TestMethod]
    public void Row_ReadAnewAfterAllWereRead_TellsNothing()
    {
        var (time, reports) = (new Seconds(), new Recorder<NoPropProgress>());
        var pace = new ProgressPace(reports, time, epochs: 1);

        pace.BeginReading(1);
        pace.Row();
        pace.EndReading();
        time.Now = 9;
        pace.Row();

        Assert.IsEmpty(reports.Reports);
    }

    private sealed class Seconds : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
