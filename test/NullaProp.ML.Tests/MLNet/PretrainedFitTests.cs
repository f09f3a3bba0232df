using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training on photos by a network that is trained already.</summary>
[TestClass]
public sealed class PretrainedFitTests
{
    private const int Side = 224;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly NoPropOptions Options =
        NoPropOptions.Photos with { Epochs = 40, BatchSize = 4, LearningRate = 0.01, HiddenSize = 32, Seed = 1 };

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.CrossEntropyBaseline)]
    public void Fit_FewPhotos_TellsOthersApartAndScoresTheSameAfterAReload(VariantKind variant)
    {
        using var folder = new TempFolder();
        var (training, others) = (StripedPhotos.Data(Context, rows: 8, seed: 0), StripedPhotos.Data(Context, rows: 6, seed: 1));
        using var model = Trainer(Options with { Variant = variant.Create(new DiscreteTime()) }).Fit(training);

        var scores = Scores(model, others);

        for (var row = 0; row < scores.Count; row++)
        {
            var alone = Scores(model, Context.Data.TakeRows(row == 0 ? others : Context.Data.SkipRows(others, row), 1)).Single();
            Assert.AreEqual(scores[row][0], alone[0], 1e-4f, $"row {row}");
            Assert.IsGreaterThan(0.5f, scores[row][row % 2], $"row {row}: {string.Join(' ', scores[row])}");
        }

        Assert.AreEqual(new ImageShape(3, Side, Side), model.Model.ImageShape);
        Assert.AreEqual(1.0, Context.MulticlassClassification.Evaluate(model.Transform(others)).MicroAccuracy);
        Context.Model.Save(model, training.Schema, folder.File("model.zip"));
        using var loaded = (IDisposable)Context.Model.Load(folder.File("model.zip"), out _);
        foreach (var (before, after) in scores.Zip(Scores((ITransformer)loaded, others)))
        {
            CollectionAssert.AreEqual(before, after);
        }
    }

    [TestMethod]
    public void Fit_FromAModelWithARateOfAlmostNothing_ScoresAlmostTheSame()
    {
        var data = StripedPhotos.Data(Context, rows: 6, seed: 0);
        using var first = Trainer(Options).Fit(data);

        using var second = Trainer(first.Model.Options with { LearningRate = 1e-9, Epochs = 1 }).Fit(
            data,
            new NoPropRun { Previous = first });

        foreach (var (before, after) in Scores(first, data).Zip(Scores(second, data)))
        {
            Assert.AreEqual(before[0], after[0], 1e-4f);
        }
    }

    // Named by its folder, not by a file as other pretrained weights are.
    [TestMethod]
    public void Fit_WithCheckpoints_GoesOnFromThem()
    {
        using var folder = new TempFolder();
        var options = Options with { Epochs = 2, BackboneWeightsPath = Path.Combine(AppContext.BaseDirectory, "DnnImageModels") };
        var data = StripedPhotos.Data(Context, rows: 4, seed: 0);
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) };

        var (epochs, log) = (new Recorder<EpochMetrics>(), new LogLines());

        using var first = Trainer(options).Fit(data, run);
        using var second = Trainer(options).Fit(data, run with { Progress = epochs.OfEpochs(), Logger = log });

        Assert.IsEmpty(epochs.Reports);
        Assert.Contains(line => line.Text == "All 2 epochs were done before: the model is that of the checkpoint.", log.Lines);
        Interruptions.AssertSameWeights(first, second);
    }

    // Photos are read in batches of 16, which these fill; the second ends at one that is broken, and is mended then.
    [TestMethod]
    public void Fit_AgainAfterAStopWhilePhotosWereRead_ReadsTheirFeaturesAndGivesTheSameModel()
    {
        using var folder = new TempFolder();
        var (features, log) = (folder.File("states/features"), new LogLines());
        var data = StripedPhotos.Data(Context, rows: 32, seed: 0);
        var run = new NoPropRun { Checkpoints = new(folder.File("states")), Logger = log };
        var trainer = Trainer(Options with { Epochs = 2 });
        using var undisturbed = trainer.Fit(data);

        Assert.Throws<InvalidOperationException>(
            () => trainer.Fit(new ProbeView(data, unreadable: ("Features", static row => row == 31)), run));
        var before = new FileInfo(features).Length;
        using var restarted = trainer.Fit(data, run);

        long header = FeatureFile.Header.Length;
        Assert.AreEqual(16.0 / 32, (double)(before - header) / (new FileInfo(features).Length - header));
        Assert.Contains(line => line.Text == $"What the pretrained network saw in photos before is read from '{features}'.", log.Lines);
        Interruptions.AssertSameWeights(undisturbed, restarted);
    }

    // As docs/photos.md advises for several trainings on the same photos; the file holds an entry for each photo that was seen.
    [TestMethod]
    public void Fit_OtherOptionsWithResumeNever_SeesEachPhotoOnceAndGivesTheModelOfATrainingAlone()
    {
        using var folder = new TempFolder();
        var (features, log) = (folder.File("sweep/features"), new LogLines());
        var (data, more) = (StripedPhotos.Data(Context, rows: 16, seed: 0), StripedPhotos.Data(Context, rows: 32, seed: 0));
        var run = new NoPropRun { Checkpoints = new(folder.File("sweep")) { Resume = CheckpointResume.Never }, Logger = log };
        var (first, second) = (Trainer(Options with { Epochs = 2 }), Trainer(Options with { Epochs = 1, LearningRate = 0.1 }));
        using var alone = second.Fit(data);
        var said = $"What the pretrained network saw in photos before is read from '{features}'.";

        first.Fit(data, run).Dispose();
        var (seen, before) = (File.ReadAllBytes(features), log.Lines.Count(line => line.Text == said));
        using var model = second.Fit(data, run);

        Assert.AreEqual((0, 1), (before, log.Lines.Count(line => line.Text == said)));
        CollectionAssert.AreEqual(seen, File.ReadAllBytes(features));
        Interruptions.AssertSameWeights(alone, model);
        second.Fit(more, run).Dispose();
        CollectionAssert.AreEqual(seen, File.ReadAllBytes(features)[..seen.Length]);
        long header = FeatureFile.Header.Length;
        Assert.AreEqual(32.0 / 16, (double)(new FileInfo(features).Length - header) / (seen.Length - header));
    }

    [TestMethod]
    public void SaveAsOnnx_ModelOfPhotos_GivesTheSameScores()
    {
        var data = StripedPhotos.Data(Context, rows: 4, seed: 0);
        using var model = Trainer(Options with { Epochs = 2 }).Fit(data);
        using var file = new MemoryStream();

        model.SaveAsOnnx(file, new OnnxExport());

        using var run = new OnnxRun(file.ToArray());
        var pixels = data.GetColumn<float[]>("Features").SelectMany(row => row).ToArray();
        var found = run.Singles(run.Session.OutputMetadata.Keys.First(), [4, 3, Side, Side], pixels);
        Assert.IsLessThan(1e-4, Differences.Largest(Scores(model, data).SelectMany(row => row), found));
    }

    [TestMethod]
    public void Fit_PackageThatIsMissing_NamesIt()
    {
        using var folder = new TempFolder();
        var trainer = Trainer(Options with { BackboneWeightsPath = folder.File("nowhere") });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(StripedPhotos.Data(Context, rows: 2, seed: 0)));

        Assert.Contains($"The weights of PretrainedResNet18 cannot be read from '{folder.File("nowhere")}'", fault.Message);
        Assert.Contains("Reference the package Microsoft.ML.DnnImageFeaturizer.ResNet18 in the application", fault.Message);
    }

    // A number in the middle, as a damaged disk leaves it: large, and still one.
    [TestMethod]
    public void Fit_WeightsThatOverflow_AreWhatIsBlamed()
    {
        using var folder = new TempFolder();
        var source = Path.Combine(AppContext.BaseDirectory, "DnnImageModels");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = folder.File(Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        using (var network = File.OpenWrite(folder.File("ResNet18Onnx/ResNet18.onnx")))
        {
            network.Position = network.Length / 2 / 4 * 4;
            network.Write([.. Enumerable.Repeat((byte)0x7F, 64)]);
        }

        var trainer = Trainer(Options with { BackboneWeightsPath = folder.Path });

        var fault = Assert.Throws<InvalidOperationException>(() => trainer.Fit(StripedPhotos.Data(Context, rows: 2, seed: 0)));

        Assert.Contains("What the pretrained network sees in a photo is NaN or infinite: its weights are damaged.", fault.Message);
    }

    [TestMethod]
    public void Fit_PhotoWithAHugePixel_BlamesThePhoto()
    {
        var (rows, trainer) = (StripedPhotos.Rows(4, seed: 0).ToList(), Trainer(Options));
        Array.Fill(rows[2].Features, 3e38f);
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(rows));

        var fault = Assert.Throws<InvalidOperationException>(() => trainer.Fit(data));

        Assert.Contains("has pixels from 3E+38 to 3E+38, but the network was trained on pixels of 0 to 255.", fault.Message);
    }

    [TestMethod]
    public void Fit_ImagesOfAnotherSize_SaysTheSizeThatIsNeeded()
    {
        var trainer = Trainer(Options);

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.Fit(TinyImages.Keys(Context)));

        Assert.Contains("but PretrainedResNet18 needs 150528 values (3×224×224). Change the size where the images are made", fault.Message);
    }

    private static NoPropTrainer Trainer(NoPropOptions options) => Context.MulticlassClassification.Trainers.NoProp(options);

    private static List<float[]> Scores(ITransformer model, IDataView data) => [.. model.Transform(data).GetColumn<float[]>("Score")];
}
