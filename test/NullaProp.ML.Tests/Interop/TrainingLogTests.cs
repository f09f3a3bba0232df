using Microsoft.ML;
using Microsoft.ML.Runtime;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Interop;

[TestClass]
public sealed class TrainingLogTests
{
    // Folders and classes may be named so.
    [TestMethod]
    public void Messages_WithBraces_ReachBothListenersAsTheyAre()
    {
        var context = new MLContext();
        var (heard, logger) = (new List<string>(), new LogLines());
        context.Log += (_, log) => heard.Add(log.RawMessage);
        using (var log = new TrainingLog(((IHostEnvironment)context).Start("Training"), logger))
        {
            log.Information("{a}");
            log.Epoch("{{b}}");
            log.Warning("C:\\{0}");
        }

        CollectionAssert.IsSubsetOf(new[] { "{a}", "{{b}}", "C:\\{0}" }, heard);
        CollectionAssert.AreEqual(new[] { "{a}", "{{b}}", "C:\\{0}" }, logger.Lines.Select(line => line.Text).ToArray());
    }
}
