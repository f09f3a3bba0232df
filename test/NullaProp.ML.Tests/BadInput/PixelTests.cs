using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Pixels that are no numbers, or no pixels at all: the row is named, and no score comes of it.</summary>
[TestClass]
public sealed class PixelTests
{
    // Every way by which pixels reach a network that was trained on pixels of 0 to 255.
    [TestMethod]
    [DataRow("batch")]
    [DataRow("one by one")]
    [DataRow("validation")]
    [DataRow("diagnosis")]
    [DataRow("training further")]
    public void Pixels_DividedBy255_AreRefused(string way)
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = Array.ConvertAll(photo.Features, pixel => pixel / 255));
        var data = context.Data.LoadFromEnumerable(photos);
        var engine = context.Model.CreatePredictionEngine<Photo, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });

        Fault.Caused<InvalidOperationException>(
            () => _ = way switch
            {
                "batch" => Tiny.Scores(context, model, photos).Length,
                "one by one" => engine.Predict(photos[0]).Score.Length,
                "validation" => Disposed(Tiny.Trainer(context).Fit(Tiny.Data(context), new NoPropRun { Validation = data })),
                "diagnosis" => model.Diagnose(data).Rows,
                _ => Disposed(Tiny.Trainer(context).Fit(data, new NoPropRun { Previous = model })),
            },
            " (Name 'photo 0') has pixels from 0",
            "but the network was trained on pixels of 0 to 255. Leave scaleImage and offsetImage of ExtractPixels out");
        Tiny.AssertScores(context, model);

        static int Disposed(NoPropTransformer made)
        {
            made.Dispose();
            return 0;
        }
    }

    // Values of a spectrogram: loud rows and quiet ones, and no pixels of any range.
    [TestMethod]
    public void Rows_SomeQuietAmongLoudOnesInTraining_AreScored()
    {
        var context = new MLContext(seed: 1);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = Array.ConvertAll(photo.Features, value => value * 4));
        photos[6].Features = Array.ConvertAll(photos[6].Features, value => value / 1000);
        var data = context.Data.LoadFromEnumerable(photos);

        using var model = Tiny.Trainer(context).Fit(data, new NoPropRun { Validation = data });
        using var further = Tiny.Trainer(context).Fit(data, new NoPropRun { Previous = model });

        Assert.HasCount(8, Tiny.Scores(context, model, photos));
        Assert.HasCount(8, Tiny.Scores(context, further, photos));
    }

    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.PositiveInfinity, "Infinity")]
    [DataRow(float.NegativeInfinity, "-Infinity")]
    public void Fit_PixelIsNoNumber_NamesRowAndPixel(float value, string text)
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var photos = Tiny.Photos();
        photos[5].Features[7] = value;
        var data = context.Data.LoadFromEnumerable(photos);
        var sentence =
            $"Row 5 (Name 'photo 5') holds {text} as pixel value 7 of column 'Features', but every value must be a finite number. "
                + (float.IsNaN(value)
                    ? "Fill gaps with ReplaceMissingValues, or leave such rows out with FilterRowsByMissingValues."
                    : "Mend it, or leave it out.");

        Fault.Of<InvalidOperationException>(() => trainer.Fit(data), sentence);
        Fault.Of<InvalidOperationException>(() => trainer.Fit(Tiny.Data(context), data), sentence);
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    [DataRow(float.NaN, "holds NaN as pixel value 0")]
    [DataRow(1f / 255, "has pixels from 0")]
    public void Transform_BadPixels_NamesRowAndGivesNoScoreAfterIt(float scale, string words)
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var before = Tiny.Scores(context, model, Tiny.Photos());
        var photos = Tiny.Photos(600); // in the middle of a batch: the rows before it have their scores
        photos[550].Features = Array.ConvertAll(photos[550].Features, pixel => pixel * scale);
        var scored = model.Transform(context.Data.LoadFromEnumerable(photos));

        Fault.Of<InvalidOperationException>(() => Tiny.Scores(context, scored), $"Row 550 (Name 'photo 550') {words}");

        using (var cursor = scored.GetRowCursor(scored.Schema))
        {
            var getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
            VBuffer<float> score = default;
            while (cursor.Position < 549)
            {
                Assert.IsTrue(cursor.MoveNext());
            }

            Fault.Of<InvalidOperationException>(() => cursor.MoveNext(), "Row 550");
            Assert.ThrowsExactly<InvalidOperationException>(() => getter(ref score));
            Fault.Caused<InvalidOperationException>(
                () => cursor.MoveNext(),
                "This cursor met a fault earlier and has lost its place. Open a new one once the fault is mended.");
            Assert.ThrowsExactly<InvalidOperationException>(() => getter(ref score));
        }

        Tiny.AssertScores(context, model, before);
    }

    [TestMethod]
    public void PredictionEngine_PixelIsNoNumber_FailsAndThenScoresTheNextRowRight()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var before = Tiny.Scores(context, model, Tiny.Photos());
        var engine = context.Model.CreatePredictionEngine<Photo, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        var bad = Tiny.Photo(1);
        bad.Features[63] = float.NaN;
        engine.Predict(Tiny.Photo(0));

        Fault.Of<InvalidOperationException>(() => engine.Predict(bad), "(Name 'photo 1') holds NaN as pixel value 63");

        Tiny.AssertEqual(before[1], engine.Predict(Tiny.Photo(1)).Score);
    }

    [TestMethod]
    public void Score_FinitePixelsThatOverflow_NamesTheRow()
    {
        var context = new MLContext(seed: 1);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = [.. photo.Features.Select(value => value / 1000)]);
        using var model = Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable(photos));
        Tiny.Scores(context, model, photos); // what batches need is made by the first one
        photos[6].Features.AsSpan().Fill(float.MaxValue);
        var engine = context.Model.CreatePredictionEngine<Photo, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });

        Fault.Of<InvalidOperationException>(
            () => Tiny.Scores(context, model, photos),
            "Row 6 cannot be scored: its pixel values make the network's numbers overflow. Scale them as in the training data");
        Fault.Of<InvalidOperationException>(() => engine.Predict(photos[6]), "cannot be scored");
    }

    [TestMethod]
    public void Score_WeightsThatOverflow_BlamesTheModelAndNotTheRow()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        foreach (var (_, weight) in model.Scorer.Model.Network.Weights.Trained.Where(
            weight => !weight.Key.StartsWith("schedule", StringComparison.Ordinal) && weight.Value.dim() > 1))
        {
            using var huge = weight.detach().mul(1e30f);
            using var values = weight.detach();
            values.copy_(huge);
        }

        using var loaded = ModelZip.Of(context, model).Load<NoPropTransformer>(context);
        var engine = context.Model.CreatePredictionEngine<Photo, Scored>(loaded, new PredictionEngineOptions { OwnsTransformer = false });
        const string sentence = "cannot be scored, and neither can others: the model's weights make the network's numbers overflow";

        Fault.Of<InvalidOperationException>(
            () => Tiny.Scores(context, loaded, Tiny.Photos()),
            $"Row 0 {sentence}",
            "Train it again with a lower LearningRate.");
        Fault.Of<InvalidOperationException>(() => engine.Predict(Tiny.Photo(0)), $"The row {sentence}");
    }

    [TestMethod]
    public void Score_WeightsOfZero_GivesProbabilities()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        foreach (var (_, weight) in model.Scorer.Model.Network.Weights.Trained)
        {
            using var values = weight.detach();
            values.zero_();
        }

        Tiny.AssertScores(context, model);
    }

    [TestMethod]
    public void Fit_PixelsThatHardlyDiffer_Trains()
    {
        var context = new MLContext(seed: 1);
        var photos = Tiny.Photos();
        photos.ForEach(photo => photo.Features = [.. photo.Features.Select(value => value > 150 ? float.Epsilon : 0)]);

        using var model = Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable(photos));

        Tiny.AssertScores(context, model);
    }

    [TestMethod]
    public void Fit_StreamedRowThatTurnsBadLater_NamesIt()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Tiny.Options with { MaxCachedBytes = 65_536, BatchSize = 256 });
        var readings = 0;

        IEnumerable<Photo> Photos()
        {
            var reading = ++readings;
            foreach (var photo in Tiny.Photos(1_200))
            {
                photo.Features[0] = reading > 2 && photo.Name == "photo 700" ? float.NaN : 0;
                yield return photo;
            }
        }

        // Batches are made on another thread, so that its tensors cannot be counted from here.
        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(context.Data.LoadFromEnumerable(Photos())));

        Assert.Contains("Row 700 (Name 'photo 700') holds NaN as pixel value 0", fault.Message);
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_NoImageInARow_NamesTheRow()
    {
        var context = new MLContext(seed: 1);
        using var image = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, new byte[256]);
        ImageRow[] rows = [new() { Features = image, Name = "first" }, new() { Label = 1, Name = "second" }];

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable(rows)),
            "Row 1 (Name 'second') could not be read: there is no image in the row. Mend it, or leave it out.");
    }

    [TestMethod]
    public void Fit_ImageOfAnotherSizeThanPromised_NamesTheRow()
    {
        var context = new MLContext(seed: 1);
        using var image = MLImage.CreateFromPixels(9, 8, MLPixelFormat.Rgba32, new byte[288]);

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable([new ImageRow { Features = image, Name = "first" }])),
            "Row 0 (Name 'first') could not be read: the image is 8×9 pixels, but must be 8×8; add ResizeImages before NoProp.");
    }

    [TestMethod]
    public void PredictionEngine_NoImage_FailsAndThenScoresTheNextRowRight()
    {
        var context = new MLContext(seed: 1);
        using var dark = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, new byte[256]);
        using var bright = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, [.. Enumerable.Repeat((byte)200, 256)]);
        ImageRow[] rows = [new() { Features = dark }, new() { Label = 1, Features = bright }];
        using var model = Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable(rows));
        var before = Tiny.Scores(context, model.Transform(context.Data.LoadFromEnumerable(rows)));
        var engine = context.Model.CreatePredictionEngine<ImageRow, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        engine.Predict(rows[0]);

        Fault.Of<InvalidOperationException>(
            () => engine.Predict(new ImageRow { Name = "none" }),
            "(Name 'none') could not be read: there is no image in the row");

        Tiny.AssertEqual(before[1], engine.Predict(rows[1]).Score);
    }

    private sealed class ImageRow
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [ImageType(8, 8)]
        public MLImage? Features { get; set; }

        public string Name { get; set; } = string.Empty;
    }
}
