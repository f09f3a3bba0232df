using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class ClassEmbeddingTests
{
    [TestMethod]
    public void Matrix_OneHot_IsTheIdentityWhateverTheDimensionSays()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new Generator(1), CPU);

        var embedding = new ClassEmbedding(weights.Under("e"), EmbeddingKind.OneHot, classes: 4, dimension: 256);

        Assert.IsTrue(embedding.Matrix().allclose(eye(4), rtol: 0, atol: 0));
        Assert.AreEqual(4, embedding.Dimension);
        Assert.IsFalse(embedding.IsLearned);
        Assert.IsEmpty(weights.Values);
    }

    [TestMethod]
    [DataRow(5, 8)]
    [DataRow(8, 8)]
    [DataRow(2, 256)]
    public void Matrix_UnitNormWithNoMoreRowsThanColumns_StartsOrthonormal(int classes, int dimension)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new Generator(1), CPU);
        var embedding = new ClassEmbedding(weights.Under("e"), EmbeddingKind.LearnedUnitNorm, classes, dimension);

        var products = embedding.Matrix().mm(embedding.Matrix().t());

        // Single precision sums of up to 256 products.
        Assert.IsTrue(products.allclose(eye(classes), rtol: 0, atol: 1e-5));
        Assert.IsTrue(embedding.IsLearned);
    }

    [TestMethod]
    public void Matrix_UnitNormWithMoreRowsThanColumns_StartsWithRowsOfLengthOne()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new Generator(1), CPU);
        var embedding = new ClassEmbedding(weights.Under("e"), EmbeddingKind.LearnedUnitNorm, classes: 20, dimension: 4);

        var lengths = embedding.Matrix().square().sum(1).sqrt();

        Assert.IsTrue(lengths.allclose(ones(20), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Matrix_UnitNormAfterWeightsGrow_StillHasRowsOfLengthOne()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new Generator(1), CPU);
        var embedding = new ClassEmbedding(weights.Under("e"), EmbeddingKind.LearnedUnitNorm, classes: 3, dimension: 4);
        using (no_grad())
        {
            weights.Values.Single().Value.mul_(17);
        }

        var lengths = embedding.Matrix().square().sum(1).sqrt();

        Assert.IsTrue(lengths.allclose(ones(3), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Matrix_Learned_StartsAtTheSeedsScale()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new Generator(1), CPU);

        var matrix = new ClassEmbedding(weights.Under("e"), EmbeddingKind.Learned, classes: 10, dimension: 256).Matrix();

        // 0.01·N(0, 1): five standard errors of 2,560 draws, 1/√n for the mean and 1/√(2n) for the deviation, times 0.01.
        CollectionAssert.AreEqual(new long[] { 10, 256 }, matrix.shape);
        Assert.AreEqual(0, matrix.mean().item<float>(), 0.01 * 5 / Math.Sqrt(2560));
        Assert.AreEqual(0.01, matrix.std().item<float>(), 0.01 * 5 / Math.Sqrt(2 * 2560));
    }

    [TestMethod]
    public void Create_UnknownKind_Throws()
    {
        using var weights = Weights.Drawn(new Generator(1), CPU);

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ClassEmbedding(weights.Under("e"), (EmbeddingKind)99, 3, 4));
    }
}
