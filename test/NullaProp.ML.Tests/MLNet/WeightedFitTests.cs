using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Weights of rows and classes: what they change in a trained model, and what they leave alone.</summary>
[TestClass]
public sealed class WeightedFitTests
{
    private static readonly MLContext Context = new(seed: 1);

    private static readonly Dictionary<string, Func<NoPropOptions, NoPropOptions>> Weightings = new()
    {
        ["column"] = options => options with { ExampleWeightColumnName = "Weight" },
        ["balanced"] = options => options with { ClassWeighting = ClassWeighting.Balanced },
        ["class weights"] = options => options with { ClassWeights = new([new("cat", 1), new("owl", 1)]) },
    };

    [TestMethod]
    public void Fit_WeightColumnNotNamed_GivesTheModelWithoutIt() =>
        CollectionAssert.AreEqual(Scores(TinyImages.Options, TinyImages.Keys(Context)), Scores(TinyImages.Options, Data(_ => 5)));

    // 48 rows in turns of three classes: every way to weigh them the same.
    [TestMethod]
    [DataRow("column")]
    [DataRow("balanced")]
    [DataRow("class weights")]
    public void Fit_EqualWeightsOfAnySize_GiveTheUnweightedModel(string weighting)
    {
        var data = Data(_ => 0.03f);

        var (plain, weighted) = (new Recorder<EpochMetrics>(), new Recorder<EpochMetrics>());

        var expected = Scores(TinyImages.Options, data, plain);
        var actual = Scores(Weightings[weighting](TinyImages.Options), data, weighted);

        // Adam's steps are as long whatever the loss is multiplied by, and so hide weights that are not brought to a mean of 1.
        CollectionAssert.AreEqual(new[] { 1, 2 }, weighted.Reports.Select(epoch => epoch.Epoch).ToArray());
        foreach (var (without, with) in plain.Reports.Zip(weighted.Reports))
        {
            Assert.AreEqual(without.TrainingLoss, with.TrainingLoss, 1e-4);
        }

        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], 1e-3); // six steps of Adam from the roundings of another mean
        }
    }

    // One image called cat by some rows and dog by others: the share of the weights is the probability, whatever the share of the rows.
    [TestMethod]
    [DataRow(240, 1)]
    [DataRow(1200, 4)] // more than the smallest MaxCachedBytes holds: streamed
    public void Fit_SameImageUnderTwoLabels_LearnsTheShareOfTheWeights(int rows, int batches)
    {
        var data = Contradicting(rows, isDog: row => row % 4 == 0, weight: row => row % 4 == 0 ? 9 : 1);

        var share = DogShare(Baseline with { ExampleWeightColumnName = "Weight", BatchSize = 16 * batches, MaxCachedBytes = 65_536 }, data);

        Assert.AreEqual(0.75, share, 0.05); // 9 to 3
    }

    [TestMethod]
    [DataRow(ClassWeighting.None, 1.0, 0.25)]
    [DataRow(ClassWeighting.Balanced, 1.0, 0.5)]
    [DataRow(ClassWeighting.None, 9.0, 0.75)] // 9 to 3
    [DataRow(ClassWeighting.Balanced, 3.0, 0.75)] // 3 to 1
    public void Fit_ClassesWeighted_LearnsTheShareOfTheWeights(ClassWeighting weighting, double ofDogs, double expected)
    {
        var data = Contradicting(240, isDog: row => row % 4 == 0, weight: _ => 1);

        var share = DogShare(Baseline with { ClassWeighting = weighting, ClassWeights = new([new("dog", ofDogs)]) }, data);

        Assert.AreEqual(expected, share, 0.05);
    }

    [TestMethod]
    public void Fit_ValidationDataWithoutWeights_IsMeasuredUnweighted()
    {
        var progress = new Recorder<EpochMetrics>();
        var validation = TinyImages.Keys(Context, rows: 30, seed: 3);

        using var model = TinyImages.Trainer(Context, Weightings["column"]).Fit(Data(row => row % 3), validation, progress);

        var metrics = Context.MulticlassClassification.Evaluate(model.Transform(validation));
        Assert.AreEqual(metrics.LogLoss, progress.Reports[^1].ValidationLogLoss!.Value, 1e-5);
        Assert.AreEqual(30, model.Diagnose(validation).Rows);
    }

    [TestMethod]
    public void Fit_WeightsZeroButForTwoClasses_Trains()
    {
        using var model = TinyImages.Trainer(Context, Weightings["column"]).Fit(Data(row => row % 3 == 2 ? 0 : 1));

        Assert.IsTrue(Scores(model).All(float.IsFinite));
    }

    private static NoPropOptions Baseline { get; } =
        TinyImages.Options with { Epochs = 4, HiddenSize = 8, BatchSize = 16, Variant = new CrossEntropyBaseline() };

    private static IDataView Data(Func<int, float> weight) => TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(
        TinyImages
            .Pixels(48, 3)
            .Select(
                (image, row) => new WeightedRow { Features = image.Pixels, Label = TinyImages.Names[image.Class], Weight = weight(row) })));

    private static IDataView Contradicting(int rows, Func<int, bool> isDog, Func<int, float> weight)
    {
        var pixels = TinyImages.Pixels(1, 1).Single().Pixels;
        return TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(Enumerable.Range(0, rows)
            .Select(row => new WeightedRow { Features = pixels, Label = TinyImages.Names[isDog(row) ? 1 : 0], Weight = weight(row) })));
    }

    private static double DogShare(NoPropOptions options, IDataView data)
    {
        using var model = TinyImages.Trainer(Context, _ => options).Fit(data);
        var dog = model.Model.ClassNames.ToList().IndexOf("dog");
        return model.Transform(Context.Data.TakeRows(data, 2)).GetColumn<float[]>("Score").First()[dog];
    }

    private static float[] Scores(NoPropOptions options, IDataView data, Recorder<EpochMetrics>? epochs = null)
    {
        using var model = TinyImages.Trainer(Context, _ => options).Fit(data, new NoPropRun { Progress = epochs?.OfEpochs() });
        return Scores(model);
    }

    private static float[] Scores(NoPropTransformer model) => [.. model
        .Transform(TinyImages.Keys(Context))
        .GetColumn<float[]>("Score")
        .SelectMany(row => row)];

    private sealed class WeightedRow
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = string.Empty;

        public float Weight { get; set; }
    }
}
