using System.Collections;
using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Scoring;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using Parquet;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Images are scored once each, by however many workers and tries, and broken ones are named.</summary>
[TestClass]
public sealed partial class ScoreJobTests
{
    private const int Images = 10;
    private const int PartSize = 3;
    private const string Hash = "of the model";

    private static readonly TempFolder Folder = new();
    private static IReadOnlyList<ImageRow> _images = [];
    private static string _model = string.Empty;

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        foreach (var (number, image) in TinyImages.Pixels(Images, 2).Index())
        {
            SamplesProgram.SavePng(image.Pixels, Folder.File($"images/{TinyImages.Names[image.Class]}/{number:D2}.png"));
        }

        var folder = new MLContext().Data.LoadImageFolder(Folder.File("images"));
        _images = folder.Files;
        _model = Folder.File("model.zip");
        var options = new NoPropOptions { Epochs = 1, BatchSize = 8, HiddenSize = 8, Seed = 1 };
        BlocksRun.Prepare(
            Folder.File("run"),
            folder,
            new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb },
            options with { Variant = new DiscreteTime { BlockCount = 1 } },
            CancellationToken.None);
        BlocksRun.Open(Folder.File("run"), new LogLines()).Fit(_model, new TrainingProgress("", showsLines: true), default);
    }

    [ClassCleanup]
    public static void Delete() => Folder.Dispose();

    [TestMethod]
    public void Begin_FolderOfAnotherFormat_IsRefused()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        Run(Job(folder), predictor, worker: 0, of: 2);

        var fault = Assert.ThrowsExactly<UserMistakeException>(
            () => new ScoreJob(folder.Path, new ParquetScores(), _images, PartSize).Begin(Hash));

        Assert.Contains("holds results of another job: another model, other images, another --part-size or another format.", fault.Message);
    }

    [TestMethod]
    public void Begin_FolderWithAJobFileOfSomebodyElse_IsRefusedAndLeavesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("job.txt"), "dentist at nine\n");

        var fault = Assert.ThrowsExactly<UserMistakeException>(() => Job(folder).Begin(Hash));

        Assert.Contains("holds a 'job.txt' of something else than scoring, which would be lost.", fault.Message);
        Assert.AreEqual("dentist at nine\n", File.ReadAllText(folder.File("job.txt")));
    }

    // A list with a slip is mended, and the same folder named again.
    [TestMethod]
    public void Begin_FolderOfAJobThatWroteNothing_IsTakenOverAndTheOtherJobWritesNothing()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var first = Job(folder);
        first.Begin(Hash);
        var second = new ScoreJob(folder.Path, new ParquetScores(), _images, PartSize);

        second.Begin(Hash);

        var fault = Assert.ThrowsExactly<UserMistakeException>(() => first.Run(predictor, 0, 1, static (_, _, _) => { }, default));
        Assert.Contains("holds results of another job", fault.Message);
        Assert.IsEmpty(Directory.GetFiles(folder.Path, "part-*"));
    }

    [TestMethod]
    public void Run_TwoWorkers_ScoreEachImageOnce()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var expected = _images.Chunk(PartSize) // as in the files: with the size of a batch the last bits change
            .SelectMany(part => part.Zip(predictor.Scores(part)))
            .ToDictionary(pair => pair.First.ImagePath, pair => pair.Second);

        for (var worker = 0; worker < 2; worker++)
        {
            Run(Job(folder), predictor, worker, of: 2);
        }

        var rows = Directory.EnumerateFiles(folder.Path, "*.csv").SelectMany(path => File.ReadLines(path).Skip(1)).ToList();
        Assert.HasCount(Images, rows);
        foreach (var cells in rows.Select(row => row.Split(',')))
        {
            var scores = expected[cells[0]].Select(score => score.ToString("R", CultureInfo.InvariantCulture));
            Assert.AreEqual(string.Join(',', scores), string.Join(',', cells[4..]));
            Assert.AreEqual(predictor.ClassNames[Array.IndexOf(expected[cells[0]], expected[cells[0]].Max())], cells[1]);
        }
    }

    [TestMethod]
    public void Run_StoppedAndWithAHalfWrittenFile_GoesOnWithWhatIsMissing()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        using var source = new CancellationTokenSource();
        var job = Job(folder);
        job.Begin(Hash);
        Assert.Throws<OperationCanceledException>(() => job.Run(predictor, 0, 1, (_, _, _) => source.Cancel(), source.Token));
        File.WriteAllText(folder.File("part-000001.csv.0.tmp"), "ImagePath,Pre"); // as kill -9 leaves it
        List<int> parts = [];

        job.Run(predictor, 0, 1, (part, _, _) => parts.Add(part), default);

        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, parts);
        Assert.HasCount(4, Directory.GetFiles(folder.Path, "*.csv"));
    }

    [TestMethod]
    public void Run_StoppedInAPart_WritesNothingOfIt()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        using var source = new CancellationTokenSource();
        var job = new ScoreJob(folder.Path, new CsvScores(), new StoppingList(_images, source), Images);
        job.Begin(Hash);

        Assert.Throws<OperationCanceledException>(() => job.Run(predictor, 0, 1, static (_, _, _) => { }, source.Token));

        Assert.IsEmpty(Directory.GetFiles(folder.Path, "*.csv"));
    }

    // As of a disk that is not there: mended in a minute, but for ever in the results.
    [TestMethod]
    public void Run_NoneOfTheImagesIsThere_EndsWithoutAFile()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var images = _images.Select(image => new ImageRow { ImagePath = image.ImagePath + ".gone" }).ToList();
        var job = new ScoreJob(folder.Path, new CsvScores(), images, PartSize);
        job.Begin(Hash);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => job.Run(predictor, 0, 1, static (_, _, _) => { }, default));

        Assert.StartsWith("None of the 10 images is there. There is no image file '", mistake.Message);
        Assert.IsEmpty(Directory.GetFiles(folder.Path, "*.csv"));
    }

    // Those of one part alone are no disk that is not there: without a row for them the job would never end.
    [TestMethod]
    public void Run_AllOfAPartMissing_HaveARowThatSaysSo()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var job = new ScoreJob(folder.Path, new CsvScores(), [.. _images.Take(PartSize), new() { ImagePath = "gone.png" }], PartSize);
        job.Begin(Hash);

        job.Run(predictor, 0, 1, static (_, _, _) => { }, default);

        Assert.Contains("There is no image file 'gone.png'", File.ReadAllText(folder.File("part-000001.csv")));
    }

    [TestMethod]
    public void Run_UnreadableImages_HaveARowThatSaysSo()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var broken = folder.File("broken, \"1\".png");
        File.WriteAllText(broken, "no image");
        var job = new ScoreJob(folder.File("out"), new CsvScores(), [_images[0], new() { ImagePath = broken }, _images[1]], PartSize);
        job.Begin(Hash);
        var count = 0;

        job.Run(predictor, 0, 1, (_, _, unreadable) => count += unreadable, default);

        Assert.AreEqual(1, count);
        var lines = File.ReadAllLines(folder.File("out/part-000000.csv"));
        Assert.HasCount(4, lines);
        Assert.AreEqual($"{InQuotes(broken)},,,{InQuotes(ImageFile.Fault(broken)!)},,", lines[2]);

        static string InQuotes(string text) => $"\"{text.Replace("\"", "\"\"")}\"";
    }

    [TestMethod]
    public void Begin_FolderOfAnotherJob_SaysSo()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        Run(Job(folder), predictor, worker: 0, of: 2);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(
            () => new ScoreJob(folder.Path, new CsvScores(), _images, PartSize + 1).Begin(Hash));

        StringAssert.Contains(mistake.Message, "holds results of another job");
    }

    // They may be of any model.
    [TestMethod]
    public void Begin_ResultsWithoutTheirMark_AreRefusedAndStay()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        Run(Job(folder), predictor, worker: 0, of: 2);
        File.Delete(folder.File("job.txt"));

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Job(folder).Begin(Hash));

        Assert.Contains($"'{folder.Path}' holds results, but no 'job.txt' that says of which model and images.", mistake.Message);
        Assert.IsFalse(File.Exists(folder.File("job.txt")));
    }

    [TestMethod]
    public void Begin_FilesOfAWorkerThatWasKilled_AreDeletedAndThoseUnderWayStay()
    {
        using var folder = new TempFolder();
        var (left, underWay) = (folder.File($".nullaprop-{Guid.NewGuid():N}.tmp"), folder.File($".nullaprop-{Guid.NewGuid():N}.tmp"));
        var others = folder.File(".mine.tmp");
        Array.ForEach([left, underWay, others], path => File.WriteAllText(path, "ImagePath,Pre"));
        Array.ForEach([left, others], path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2)));

        Job(folder).Begin(Hash);

        Assert.AreEqual((false, true, true), (File.Exists(left), File.Exists(underWay), File.Exists(others)));
    }

    [TestMethod]
    public async Task Run_Parquet_HoldsTheSameScores()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);
        var job = new ScoreJob(folder.Path, new ParquetScores(), _images, Images);
        Run(job, predictor, 0, of: 1);
        var expected = predictor.Scores(_images).Select(scores => (float?)scores[1]).ToArray();

        await using var reader = await ParquetReader.CreateAsync(folder.File("part-000000.parquet"));
        using var group = reader.OpenRowGroupReader(0);
        var actual = new float?[Images];
        await group.ReadAsync<float>(reader.Schema.DataFields[^1], actual.AsMemory());

        CollectionAssert.AreEqual(expected, actual);
    }

    private static ScoreJob Job(TempFolder folder) => new(folder.Path, new CsvScores(), _images, PartSize);

    private static void Run(ScoreJob job, ImagePredictor predictor, int worker, int of)
    {
        job.Begin(Hash);
        job.Run(predictor, worker, of, (_, _, _) => { }, default);
    }

    // Stops the job while its only part is read.
    private sealed class StoppingList(IReadOnlyList<ImageRow> images, CancellationTokenSource source) : IReadOnlyList<ImageRow>
    {
        private int _readings;

        public int Count => images.Count;

        public ImageRow this[int index] => images[index];

        public IEnumerator<ImageRow> GetEnumerator()
        {
            if (_readings++ > 0)
            {
                source.Cancel(); // the first reading is that of the folder's mark
            }

            return images.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
