using System.Globalization;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class ClassWeightsTests
{
    private static readonly ClassWeights Weights = new([new("cat", 2), new("dog", 0.5)]);

    [TestMethod]
    public void Of_NamedAndOtherClass_IsItsWeightAndOne()
    {
        Assert.AreEqual(0.5, Weights.Of("dog"));
        Assert.AreEqual(1, Weights.Of("owl"));
    }

    [TestMethod]
    public void Equals_SameNamesAndWeightsInAnyOrder_AreEqualAlsoInOptions()
    {
        var same = new ClassWeights([new("dog", 0.5), new("cat", 2)]);

        Assert.AreEqual(Weights, same);
        Assert.AreEqual(Weights.GetHashCode(), same.GetHashCode());
        Assert.AreEqual(new NoPropOptions { ClassWeights = Weights }, new NoPropOptions { ClassWeights = same });
    }

    [TestMethod]
    public void Equals_OtherNameWeightOrCount_Differ()
    {
        Assert.AreNotEqual(Weights, new ClassWeights([new("cat", 2), new("owl", 0.5)]));
        Assert.AreNotEqual(Weights, new ClassWeights([new("cat", 2), new("dog", 0.6)]));
        Assert.AreNotEqual(Weights, new ClassWeights([new("cat", 2)]));
        Assert.IsFalse(Weights.Equals(null));
    }

    [TestMethod]
    public void ToString_AnyCulture_ListsNamesAndWeights()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("de-DE");
        try
        {
            Assert.AreEqual("cat 2, dog 0.5", Weights.ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void Constructor_Null_NamesTheArgument() =>
        Assert.AreEqual("weights", Assert.ThrowsExactly<ArgumentNullException>(() => new ClassWeights(null!)).ParamName);

    [TestMethod]
    public void Constructor_NameTwice_Refuses()
    {
        var fault = Assert.ThrowsExactly<ArgumentException>(() => new ClassWeights([new("cat", 2), new("cat", 3)]));

        Assert.Contains("Class 'cat' is given two weights", fault.Message);
        Assert.AreEqual("weights", fault.ParamName);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(-1.0)]
    [DataRow(1_000_001.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void Validate_WeightOutOfRange_NamesTheClass(double weight)
    {
        var options = new NoPropOptions { ClassWeights = new([new("cat", 1), new("dog", weight)]) };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.Contains("ClassWeights gives class 'dog' the weight", fault.Message);
    }

    [TestMethod]
    [DataRow(1e-9)]
    [DataRow(1_000_000.0)]
    public void Validate_WeightInRange_Passes(double weight)
    {
        var options = new NoPropOptions { ClassWeights = new([new("cat", weight)]) };

        options.Validate();

        Assert.AreEqual(weight, options.ClassWeights.ByName["cat"]);
    }
}
