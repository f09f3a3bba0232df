using NullaProp.ML.Reading;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.TrainingImages;

[TestClass]
public sealed class RowWeightsTests
{
    private static readonly string[] Names = ["cat", "dog", "owl"];

    // Three cats of weight 1, one dog of weight 5, no owl.
    private static readonly LabelledRow[] Rows = [new(0), new(0), new(0), new(1, 5)];

    private static readonly NoPropOptions ByColumn = new() { ExampleWeightColumnName = "Weight" };

    [TestMethod]
    public void Of_NoWeighting_IsNone() => Assert.IsNull(RowWeights.Of(new NoPropOptions(), Totals(Rows), Names));

    [TestMethod]
    public void Of_WeightColumn_DividesByTheMean()
    {
        var weights = RowWeights.Of(ByColumn, Totals(Rows), Names)!;

        // (1 + 1 + 1 + 5) / 4 = 2
        Assert.AreEqual(0.5f, weights.Of(Rows[0]));
        Assert.AreEqual(2.5f, weights.Of(Rows[3]));
    }

    [TestMethod]
    public void Of_Balanced_GivesEveryClassThatOccursTheSameSum()
    {
        var weights = RowWeights.Of(new() { ClassWeighting = ClassWeighting.Balanced }, Totals([new(0), new(0), new(0), new(1)]), Names)!;

        // 4/(3·3) and 4/(3·1) over their mean 2/3.
        Assert.AreEqual(2f / 3, weights.Of(new(0)), 1e-7);
        Assert.AreEqual(2f, weights.Of(new(1)), 1e-7);
    }

    [TestMethod]
    public void Of_ClassWeights_LeaveOthersAtOne()
    {
        var weights = RowWeights.Of(new() { ClassWeights = new([new("dog", 5)]) }, Totals([new(0), new(0), new(0), new(1)]), Names)!;

        Assert.AreEqual(0.5f, weights.Of(new(0)));
        Assert.AreEqual(2.5f, weights.Of(new(1)));
        Assert.AreEqual(0.5f, weights.Of(new(2)));
    }

    [TestMethod]
    public void Of_AllThree_Multiply()
    {
        var options = ByColumn with { ClassWeighting = ClassWeighting.Balanced, ClassWeights = new([new("cat", 3)]) };

        var weights = RowWeights.Of(options, Totals(Rows), Names)!;

        // cats 1·3·4/9, the dog 5·1·4/3: in the ratio of 1 to 5, and of mean 1.
        Assert.AreEqual(0.5f, weights.Of(Rows[0]), 1e-7);
        Assert.AreEqual(2.5f, weights.Of(Rows[3]), 1e-7);
    }

    [TestMethod]
    [DataRow(float.MaxValue)]
    [DataRow(float.Epsilon)]
    public void Of_WeightsOfAnyScale_HaveMeanOne(float weight)
    {
        var weights = RowWeights.Of(ByColumn, Totals([new(0, weight), new(1, weight)]), Names)!;

        Assert.AreEqual(1f, weights.Of(new(0, weight)));
    }

    [TestMethod]
    public void Of_AllWeightsZero_SaysSo()
    {
        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => RowWeights.Of(ByColumn, Totals([new(0, 0), new(1, 0)]), Names));

        Assert.Contains("Every one of the 2 training rows has weight 0 in column 'Weight'", fault.Message);
    }

    private static ClassTotals Totals(IEnumerable<LabelledRow> rows)
    {
        var totals = new ClassTotals(Names.Length);
        foreach (var row in rows)
        {
            totals.Add(row);
        }

        return totals;
    }
}
