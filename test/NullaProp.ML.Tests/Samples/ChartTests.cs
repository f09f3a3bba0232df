using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using SkiaSharp;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The pictures that a training leaves.</summary>
[TestClass]
public sealed class ChartTests
{
    private const int RowsOfAClass = 30;

    private static readonly string[] Classes = ["cat", "dog", "owl"];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ConfusionChart_ThreeOfThirtyWrong_LookLikeATenth()
    {
        using var folder = new TempFolder();
        var path = Kept("confusion.png", folder);

        ConfusionChart.Save(Confusion(wrongOfEach: 3), Classes, path);

        using var picture = SKBitmap.Decode(path);
        var large = picture.Pixels.GroupBy(color => color).Where(group => group.Count() > 1_000);
        var cells = large.Select(group => group.Key.Blue).Order().ToList();
        // blue of: nine tenths, one tenth, nothing, paper
        Assert.HasCount(4, cells);
        Assert.AreEqual(0.1, (double)(cells[2] - cells[1]) / (cells[2] - 107), 0.02);
        Assert.AreEqual(0.9, (double)(cells[2] - cells[0]) / (cells[2] - 107), 0.02);
    }

    // What a chart without a mark has not, below the words of the mark: as far apart as the epochs are, in each of the three panels.
    [TestMethod]
    public void TrainingChart_Epochs_MarksTheKeptOne()
    {
        using var folder = new TempFolder();
        List<EpochMetrics> history = [.. Enumerable.Range(1, 8).Select(epoch => Epoch(epoch, logLoss: 0.4 + Math.Abs(epoch - 3) * 0.05))];
        var plain = folder.File("plain.png");
        TrainingChart.Save(history, keptEpoch: null, "validation", plain);

        var marks = new[] { 3, 5, 8 }.ToDictionary(epoch => epoch, epoch =>
        {
            var path = epoch == 3 ? Kept("training.png", folder) : folder.File($"{epoch}.png");
            TrainingChart.Save(history, epoch, "validation", path);
            return Marks(plain, path);
        });

        for (var panel = 0; panel < 3; panel++)
        {
            var (third, fifth, eighth) = (marks[3][panel], marks[5][panel], marks[8][panel]);
            Assert.IsGreaterThan(third + 20, fifth);
            Assert.AreEqual((fifth - third) / 2, (eighth - fifth) / 3, 1, $"panel {panel}: pixels of an epoch");
        }
    }

    [TestMethod]
    public void BestEpoch_LogLossFallsAndRises_IsTheLowest()
    {
        var progress = new TrainingProgress("validation", showsLines: true);
        for (var epoch = 1; epoch <= 8; epoch++)
        {
            progress.Report(new NoPropProgress
            {
                Epoch = epoch,
                Epochs = 8,
                Step = 1,
                Steps = 1,
                Elapsed = TimeSpan.Zero,
                TimeLeft = null,
                Metrics = Epoch(epoch, logLoss: epoch == 2 ? double.NaN : 0.4 + Math.Abs(epoch - 3) * 0.05),
            });
        }

        Assert.AreEqual(3, progress.BestEpoch());
        Assert.AreEqual(4, progress.BestEpoch(first: 4));
        Assert.IsNull(progress.BestEpoch(first: 9));
    }

    // Kept with the test's results, for people to look at.
    private string Kept(string name, TempFolder folder)
    {
        var path = Path.Combine(TestContext.TestRunDirectory ?? folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        TestContext.AddResultFile(path);
        return path;
    }

    // Returns the middle of the columns that differ in each panel, from the panel's left side.
    private static double[] Marks(string plain, string marked)
    {
        using var before = SKBitmap.Decode(plain);
        using var after = SKBitmap.Decode(marked);
        var width = before.Width / 3;
        return [.. Enumerable.Range(0, 3).Select(panel =>
        {
            var columns = Enumerable.Range(0, width).Where(x => Enumerable.Range(before.Height / 4, before.Height / 2)
                .Any(y => before.GetPixel((panel * width) + x, y) != after.GetPixel((panel * width) + x, y))).ToList();
            Assert.IsNotEmpty(columns, $"no mark in panel {panel}");
            Assert.IsLessThan(10, columns[^1] - columns[0], "one mark, and not several");
            return columns.Average();
        })];
    }

    private static EpochMetrics Epoch(int number, double logLoss) => new()
    {
        Epoch = number,
        Epochs = 8,
        TrainingLoss = 2.2 / number,
        DenoisingLoss = 2 / number,
        PriorLoss = 0,
        ReadoutLoss = 0.2 / number,
        TrainingAccuracy = 1 - 0.2 / number,
        ValidationLogLoss = logLoss,
        ValidationAccuracy = 0.95 - logLoss / 5,
        LearningRate = 0.001,
        EmbeddingNorm = 1,
        Elapsed = TimeSpan.FromSeconds(number),
    };

    private static ConfusionMatrix Confusion(int wrongOfEach)
    {
        var mlContext = new MLContext();
        var rows = Enumerable.Range(0, Classes.Length * RowsOfAClass).Select(row =>
        {
            var (truth, index) = (row / RowsOfAClass, row % RowsOfAClass);
            var predicted = index < wrongOfEach ? (truth + 1) % Classes.Length : truth;
            var score = new float[Classes.Length];
            score[predicted] = 1;
            return new ScoredRow { Label = (uint)truth, PredictedLabel = (uint)predicted, Score = score };
        });
        return mlContext.MulticlassClassification.Evaluate(mlContext.Data.LoadFromEnumerable(rows.ToList())).ConfusionMatrix;
    }

    private sealed class ScoredRow
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [KeyType(3)]
        public uint PredictedLabel { get; set; }

        [VectorType(3)]
        public float[] Score { get; set; } = [];
    }
}
