using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Options out of range: each fault is told, all of them at once, before any data is read.</summary>
[TestClass]
public sealed partial class OptionsTests
{
    // Not among the faults, for a page cannot hold the name either.
    [TestMethod]
    public void Validate_ColumnNameThatNoFileKeeps_SaysSo()
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(new NoPropOptions { FeatureColumnName = "a\ud800" }.Validate);

        Assert.Contains("FeatureColumnName is 'a\ud800', which holds a surrogate without its other half: no file keeps it.", fault.Message);
    }

    [TestMethod]
    [DynamicData(nameof(Faults))]
    public void Validate_OptionOutOfRange_TellsIt(NoPropOptions options, string sentence)
    {
        var context = new MLContext(seed: 1);

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);
        var atTheCatalog =
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.MulticlassClassification.Trainers.NoProp(options));

        Assert.AreEqual("options", fault.ParamName);
        Assert.Contains(sentence, fault.Message);
        Assert.StartsWith("The options have ", fault.Message);
        Assert.AreEqual(fault.Message, atTheCatalog.Message);
    }

    [TestMethod]
    public void Validate_EveryFault_IsToldAtOnce()
    {
        var options = new NoPropOptions
        {
            LabelColumnName = " ",
            FeatureColumnName = null!,
            ScoreColumnName = "",
            PredictedLabelColumnName = "",
            ImageShape = new(2, 4, 4),
            Epochs = 0,
            BatchSize = 0,
            LearningRate = double.NaN,
            WeightDecay = double.NaN,
            WarmupFraction = double.NaN,
            Variant = new ContinuousTime { LogSnrAtNoise = 3, LogSnrAtLabel = 2 },
            Sampling = new() { Solver = (OdeSolver)(-1), Draws = -1 },
        };

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);

        Assert.StartsWith("The options have 13 faults: ", fault.Message);
        string[] names =
        [
            "LabelColumnName", "FeatureColumnName", "ScoreColumnName", "PredictedLabelColumnName", "ImageShape", "Epochs", "BatchSize",
            "LearningRate", "WeightDecay", "WarmupFraction", "LogSnrAtNoise", "Solver", "Draws",
        ];
        foreach (var name in names)
        {
            Assert.Contains($"{name} is ", fault.Message);
        }
    }

    [TestMethod]
    public void NoProp_BlankColumnNames_TellsThem()
    {
        var trainers = new MLContext(seed: 1).MulticlassClassification.Trainers;

        var fault =
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainers.NoProp(labelColumnName: " ", featureColumnName: null!));

        Assert.Contains(
            "The options have 2 faults: LabelColumnName is empty, but must name a column. FeatureColumnName is empty, but must name a "
                + "column.",
            fault.Message);
    }

    [TestMethod]
    public void Summary_OptionsShapeOrClassesOutOfRange_TellsIt()
    {
        var shape = new ImageShape(1, 8, 8);

        Assert.Contains(
            "Epochs is 0",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ModelSummary.Of(new() { Epochs = 0 }, shape, 2)).Message);
        Assert.Contains("1×7×7", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ModelSummary.Of(new(), new(1, 7, 7), 2)).Message);
        Assert.AreEqual("classCount", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ModelSummary.Of(new(), shape, 1)).ParamName);
    }

    [TestMethod]
    public void Fit_FewerEmbeddingDimensionsThanClasses_Trains()
    {
        var context = new MLContext(seed: 1);

        using var model = Tiny.Model(
            context,
            Tiny.Options with { Embedding = Tiny.Options.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm, Dimension = 1 } });

        Tiny.AssertScores(context, model);
    }
}
