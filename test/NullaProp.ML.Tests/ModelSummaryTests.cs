namespace NullaProp.ML.Tests;

[TestClass]
public sealed class ModelSummaryTests
{
    private static readonly ImageShape Mnist = new(1, 28, 28);

    // The JAX reference's counts (dimarkov/nullaprop, src/nullaprop/models.py) for MNIST, CIFAR-10 and CIFAR-100 at D = 256; the first by
    // part below.
    [TestMethod]
    [DataRow(1, 28, 10, 1_270_509L)]
    [DataRow(3, 32, 10, 1_516_845L)]
    [DataRow(3, 32, 100, 1_551_495L)]
    public void Of_NullapropPreset_HasTheReferencesNumberOfParameters(int channels, int side, int classes, long parameters)
    {
        var summary = ModelSummary.Of(NoPropOptions.JaxReference, new ImageShape(channels, side, side), classes);

        Assert.AreEqual(parameters, summary.TotalParameters);
    }

    // By hand from the JAX reference's layers, a layer n → m having n·m + m.
    [TestMethod]
    [DataRow("backbone", 320L + 18_496 + 803_072)] // 3×3 convolutions 1→32 and 32→64, 3136→256
    [DataRow("embedding", 2_560L)] // 10×256
    [DataRow("label_encoder", 2L * 65_792)] // twice 256→256
    [DataRow("time_encoder", 32L + 16_640 + 65_792)] // frequencies, 64→256, 256→256
    [DataRow("head", 196_864L + 512 + 32_896 + 256 + 1_290)] // 768→256, norm, 256→128, norm, 128→10
    [DataRow("schedule", 64L + 64 + 64 + 1 + 2)] // 1→64, 64→1, two ends
    public void Of_NullapropPreset_HasTheReferencesPartsByHand(string part, long parameters)
    {
        var summary = ModelSummary.Of(NoPropOptions.JaxReference, Mnist, 10);

        Assert.AreEqual(parameters, summary.Parts.Single(found => found.Name == part).Parameters);
    }

    [TestMethod]
    public void ToString_NullapropPreset_PrintsPartsAndTotal()
    {
        var summary = ModelSummary.Of(NoPropOptions.JaxReference, Mnist, 10);

        var lines = summary.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

        var names = lines.Select(line => line.Split(' ')[0]).ToArray();
        CollectionAssert.AreEqual(new[] { "embedding", "backbone", "label_encoder", "time_encoder", "head", "schedule", "total" }, names);
        Assert.EndsWith(" 1,270,509", lines[^1]);
        Assert.EndsWith(" 821,888", lines[1]);
    }

    [TestMethod]
    public void Of_DefaultOptions_CountsNeitherOneHotEmbeddingsNorFixedEnds()
    {
        var summary = ModelSummary.Of(new NoPropOptions(), Mnist, 10);

        Assert.DoesNotContain("embedding", summary.Parts.Select(part => part.Name));
        Assert.AreEqual(64L + 64 + 64 + 1, summary.Parts.Single(part => part.Name == "schedule").Parameters);
        // The label encoder reads 10 numbers: 10→256 and 256→256.
        Assert.AreEqual(2_816L + 65_792, summary.Parts.Single(part => part.Name == "label_encoder").Parameters);
    }

    [TestMethod]
    public void Of_ImpossibleArguments_AreRefused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => ModelSummary.Of(null!, Mnist, 10));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ModelSummary.Of(new NoPropOptions(), Mnist, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ModelSummary.Of(new NoPropOptions(), new ImageShape(1, 7, 8), 10));
    }
}
