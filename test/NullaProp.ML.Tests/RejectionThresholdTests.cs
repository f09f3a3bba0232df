using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests;

/// <summary>The score from which on an answer is given.</summary>
[TestClass]
public sealed class RejectionThresholdTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void ForPrecision_FourRows_AnswersTheMostRowsThatKeepIt()
    {
        (float, bool)[] rows = [(0.9f, true), (0.8f, false), (0.7f, true), (0.2f, false)];

        var all = RejectionThreshold.ForPrecision(rows, 1);
        var twoThirds = RejectionThreshold.ForPrecision(rows, 0.6);
        var half = RejectionThreshold.ForPrecision(rows, 0.5);

        Assert.AreEqual(new RejectionThreshold(0.85f, 1, 0.25, 4), all);
        Assert.AreEqual(new RejectionThreshold(0.45f, 2.0 / 3, 0.75, 4), twoThirds);
        Assert.AreEqual(new RejectionThreshold(0, 0.5, 1, 4), half);
    }

    // Against every threshold there is, tried one by one.
    [TestMethod]
    public void ForPrecision_ManyRowsWithEqualScores_IsTheLowestThresholdThatKeepsIt()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 200; trial++)
        {
            var rows = Enumerable.Range(0, 30).Select(_ => (Score: random.Next(10) / 10f, IsRight: random.Next(4) > 0)).ToArray();
            var wanted = 0.6 + (0.4 * random.NextDouble());
            var shares = rows.Select(row => row.Score).Distinct()
                .Select(score => rows.Where(row => row.Score >= score).ToArray())
                .Where(given => given.Count(row => row.IsRight) >= wanted * given.Length)
                .Select(given => given.Length)
                .ToArray();
            if (shares.Length == 0)
            {
                Assert.ThrowsExactly<InvalidOperationException>(() => RejectionThreshold.ForPrecision(rows, wanted));
                continue;
            }

            var threshold = RejectionThreshold.ForPrecision(rows, wanted);

            var answered = rows.Where(row => row.Score >= threshold.Score).ToArray();
            Assert.HasCount(shares.Max(), answered);
            Assert.AreEqual(answered.Count(row => row.IsRight) / (double)answered.Length, threshold.Precision, 1e-12);
            Assert.AreEqual(answered.Length / 30.0, threshold.Coverage, 1e-12);
        }
    }

    [TestMethod]
    public void ForPrecision_ScoresNextToEachOther_StillPartsThem()
    {
        var next = MathF.BitIncrement(0.5f);

        var threshold = RejectionThreshold.ForPrecision([(next, true), (0.5f, false)], 1);

        Assert.AreEqual(next, threshold.Score);
    }

    // The largest of three numbers is found without the one that is none.
    [TestMethod]
    public void ForPrecision_ScoreWithANumberThatIsNone_SaysSo()
    {
        var rows = Context.Data.LoadFromEnumerable(
        [
            new Scored { Label = "a", Score = [0.6f, 0.4f] },
            new Scored { Label = "b", Score = [float.NaN, 0.6f] },
        ]);
        var keyed = Context.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => RejectionThreshold.ForPrecision(keyed, 0.5));

        Assert.Contains("A score is NaN, but a threshold is chosen on probabilities", fault.Message);
    }

    // What sums of rounded numbers are.
    [TestMethod]
    public void ForPrecision_ScoreALittleAboveOne_IsOne() =>
        Assert.AreEqual(1, RejectionThreshold.ForPrecision([(1.00001f, true), (0.5f, true)], 1).Coverage);

    [TestMethod]
    public void ForPrecision_ThatCannotBeHad_SaysWhatCan()
    {
        (float, bool)[] rows = [(0.9f, false), (0.8f, true), (0.7f, true), (0.6f, false)];

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => RejectionThreshold.ForPrecision(rows, 0.9));

        Assert.Contains(
            "No threshold gives answers of which 90 % are right: of these 4 rows the best has 66.67 %, by answering 3.", fault.Message);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.1)]
    [DataRow(double.NaN)]
    public void ForPrecision_ShareOutOfRange_IsRefused(double precision)
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RejectionThreshold.ForPrecision([(1, true)], precision));

        Assert.Contains("but must be above 0 and at most 1", fault.Message);
    }

    [TestMethod]
    public void ForPrecision_NoRowsOrNoNumber_IsRefused()
    {
        Assert.Contains(
            "There are no rows", Assert.ThrowsExactly<InvalidOperationException>(() => RejectionThreshold.ForPrecision([], 0.9)).Message);
    }

    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(-1f, "-1")]
    [DataRow(100f, "100")]
    [DataRow(float.PositiveInfinity, "Infinity")]
    public void ForPrecision_ScoreThatIsNoProbability_IsRefused(float score, string written)
    {
        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => RejectionThreshold.ForPrecision([(1, true), (score, true), (0, false)], 0.5));

        Assert.AreEqual(
            $"A score is {written}, but a threshold is chosen on probabilities, from 0 to 1. Give the scores of a model.", fault.Message);
    }

    [TestMethod]
    public void ForPrecision_PredictionsInPlaceOfLabels_AreRefused()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyImages.Trainer(context).Fit(TinyImages.Keys(context));

        var fault = Assert.Throws<ArgumentOutOfRangeException>(
            () => RejectionThreshold.ForPrecision(model.Transform(TinyImages.Keys(context)), 0.9, labelColumnName: "PredictedLabel"));

        Assert.AreEqual(
            "Column 'PredictedLabel' holds predictions, which would be compared with themselves. Name the column of labels.",
            fault.Message);
    }

    // The fourth class is none that the model knows: its rows have no label.
    [TestMethod]
    public void ForPrecision_ScoredRowsWithForeignOnes_CountsTheirAnswersAsWrong()
    {
        var known = TinyImages.Texts(Context);
        var keys = Context.Transforms.Conversion.MapValueToKey("Label").Fit(known);
        using var model = TinyImages.Trainer(Context, options => options with { Epochs = 20 }).Fit(keys.Transform(known));
        var others = Context.Data.LoadFromEnumerable(TinyImages.Rows(40, 4, index => TinyImages.Names[index], seed: 7));
        var scored = model.Transform(keys.Transform(others));

        var all = RejectionThreshold.ForPrecision(scored, 0.01);
        var threshold = RejectionThreshold.ForPrecision(scored, 0.9);

        Assert.AreEqual(new RejectionThreshold(0, 0.75, 1, 40), all); // every known row is right, and a quarter are foreign
        Assert.IsGreaterThan(0, threshold.Score);
        var names = scored.GetColumn<float[]>("Score").Select(scores => model.Model.ClassOrNone(scores, threshold.Score)).ToArray();
        Assert.AreEqual(threshold.Coverage, names.Count(name => name is not null) / 40.0, 1e-9);
    }

    [TestMethod]
    public void ForPrecision_ColumnThatIsMissingOrOfOtherClasses_IsNamed()
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context).Fit(data);
        var four = TinyImages.WithKeys(
            Context, Context.Data.LoadFromEnumerable(TinyImages.Rows(40, 4, index => TinyImages.Names[index])));

        var missing = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RejectionThreshold.ForPrecision(data, 0.9));
        using var blind = model.WithColumns(label: "Other"); // does not look at the labels
        var others = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RejectionThreshold.ForPrecision(blind.Transform(four), 0.9));

        Assert.Contains("Score", missing.Message);
        Assert.Contains("Vector<Single, 4>", others.Message);
    }

    // As many classes, but by other numbers: each answer would be held against another class. Of scores of numbers no slot has a name.
    [TestMethod]
    public void ForPrecision_NumbersInAnotherOrder_AreRefused()
    {
        var data = Context.Data.LoadFromEnumerable(TinyImages.Rows(30, 3, index => (float)index));
        IDataView Keyed(params float[] order) => Context.Transforms.Conversion
            .MapValueToKey("Label", keyData: Context.Data.LoadFromEnumerable(order.Select(label => new { Label = label })))
            .Fit(data).Transform(data);
        using var model = TinyImages.Trainer(Context).Fit(Keyed(0, 1, 2));
        using var blind = model.WithColumns(label: "Other");

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => RejectionThreshold.ForPrecision(blind.Transform(Keyed(2, 1, 0)), 0.9));

        Assert.Contains("Label column 'Label' has class '2' where the model has '0'", fault.Message);
    }

    [TestMethod]
    public void ForPrecision_LabelsOfTheSameClassesInAnotherOrder_AreRefused()
    {
        using var model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));
        string[] names = [.. TinyImages.Names.Take(3)];
        var others = Context.Data.LoadFromEnumerable(TinyImages.Rows(30, 3, index => names[index]));
        var backwards = Context.Data.LoadFromEnumerable(names.Reverse().Select(name => new { Label = name }));
        var keys = Context.Transforms.Conversion.MapValueToKey("Label", keyData: backwards).Fit(others);
        using var blind = model.WithColumns(label: "Other");

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => RejectionThreshold.ForPrecision(blind.Transform(keys.Transform(others)), 0.9));

        Assert.Contains($"Label column 'Label' has class '{names[2]}' where the model has '{names[0]}'", fault.Message);
    }

    private sealed class Scored
    {
        public string Label { get; init; } = string.Empty;

        [VectorType(2)]
        public float[] Score { get; init; } = [];
    }
}
