using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class ClassEmbeddingTests
{
    [TestMethod]
    public void Matrix_OneHot_IsTheIdentityWhateverTheDimensionSays()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var embedding = Create(weights, EmbeddingKind.OneHot, classes: 4, dimension: 256);

        Assert.IsTrue(embedding.Matrix().allclose(eye(4), rtol: 0, atol: 0));
        Assert.AreEqual(4, embedding.Dimension);
        Assert.IsFalse(embedding.IsLearned);
        Assert.IsEmpty(weights.Values);
    }

    // Against the identity as a matrix.
    [TestMethod]
    public void Current_OneHot_MultipliesAsTheIdentity()
    {
        using var scope = NewDisposeScope();
        var (oneHot, matrix) = (new OneHotVectors(4), new LearnedVectors(eye(4)));
        var (shares, labels) = (arange(12).to(ScalarType.Float32).view(3, 4), tensor(new long[] { 3, 0, 3 }));

        Assert.IsTrue(oneHot.Of(labels).equal(matrix.Of(labels)).all().item<bool>());
        Assert.IsTrue(oneHot.Mixed(shares).equal(matrix.Mixed(shares)).all().item<bool>());
        Assert.IsTrue(oneHot.Products(shares).equal(matrix.Products(shares)).all().item<bool>());
        Assert.IsTrue(oneHot.SquaredNorms(CPU).expand(4).equal(matrix.SquaredNorms(CPU)).all().item<bool>());
    }

    [TestMethod]
    [DataRow(5, 8)]
    [DataRow(8, 8)]
    [DataRow(2, 256)]
    public void Matrix_UnitNormWithNoMoreRowsThanColumns_StartsOrthonormal(int classes, int dimension)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var embedding = Create(weights, EmbeddingKind.LearnedUnitNorm, classes, dimension);

        var products = embedding.Matrix().mm(embedding.Matrix().t());

        // Single precision sums of up to 256 products.
        Assert.IsTrue(products.allclose(eye(classes), rtol: 0, atol: 1e-5));
        Assert.IsTrue(embedding.IsLearned);
    }

    [TestMethod]
    public void Matrix_UnitNormWithMoreRowsThanColumns_StartsWithRowsOfLengthOne()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var embedding = Create(weights, EmbeddingKind.LearnedUnitNorm, classes: 20, dimension: 4);

        var lengths = embedding.Matrix().square().sum(1).sqrt();

        Assert.IsTrue(lengths.allclose(ones(20), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Matrix_UnitNormAfterWeightsGrow_StillHasRowsOfLengthOne()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var embedding = Create(weights, EmbeddingKind.LearnedUnitNorm, classes: 3, dimension: 4);
        using (no_grad())
        {
            weights.Values.Single().Value.mul_(17);
        }

        var lengths = embedding.Matrix().square().sum(1).sqrt();

        Assert.IsTrue(lengths.allclose(ones(3), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Matrix_Learned_StartsOrthonormal()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var matrix = Create(weights, EmbeddingKind.Learned, classes: 5, dimension: 20).Matrix();

        Assert.IsTrue(matrix.mm(matrix.t()).allclose(eye(5), rtol: 0, atol: 1e-5));
    }

    [TestMethod]
    public void Matrix_LearnedSmallNormal_StartsAtTheReferencesScale()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var matrix = Create(weights, EmbeddingKind.Learned, classes: 10, dimension: 256, EmbeddingInitialization.SmallNormal).Matrix();

        // 0.01·N(0, 1): five standard errors of 2,560 draws, 1/√n for the mean and 1/√(2n) for the deviation, times 0.01.
        CollectionAssert.AreEqual(new long[] { 10, 256 }, matrix.shape);
        Assert.AreEqual(0, matrix.mean().item<float>(), 0.01 * 5 / Math.Sqrt(2560));
        Assert.AreEqual(0.01, matrix.std().item<float>(), 0.01 * 5 / Math.Sqrt(2 * 2560));
    }

    [TestMethod]
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.Orthogonal, 4)]
    [DataRow(EmbeddingKind.LearnedUnitNorm, EmbeddingInitialization.SmallNormal, 4)]
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.FeatureMedoidBySum, 16)] // the width of the features
    [DataRow(EmbeddingKind.LearnedUnitNorm, EmbeddingInitialization.FeatureMedoidByMedian, 16)]
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.PixelMedoid, 2 * 8 * 9)] // the size of the images
    [DataRow(EmbeddingKind.OneHot, EmbeddingInitialization.PixelMedoid, 3)]
    public void Dimension_KindAndInitialization_IsThatOfWhatItStartsAt(
        EmbeddingKind kind,
        EmbeddingInitialization initialization,
        int expected)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var embedding = Create(weights, kind, classes: 3, dimension: 4, initialization);

        Assert.AreEqual(expected, embedding.Dimension);
        CollectionAssert.AreEqual(new long[] { 3, expected }, embedding.Matrix().shape);
    }

    [TestMethod]
    public void StartAt_OneHot_Throws()
    {
        using var rows = zeros(3, 3);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        Assert.ThrowsExactly<InvalidOperationException>(() => Create(weights, EmbeddingKind.OneHot, 3, 3).StartAt(rows));
    }

    [TestMethod]
    public void Create_UnknownKind_Throws()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Create(weights, (EmbeddingKind)99, 3, 4));
    }

    private static ClassEmbedding Create(
        Weights weights, EmbeddingKind kind, int classes, int dimension, EmbeddingInitialization initialization =
            EmbeddingInitialization.Orthogonal) =>
        new(
            weights.Under("e"),
            new() { HiddenSize = 16, Embedding = new() { Kind = kind, Initialization = initialization, Dimension = dimension } },
            new(2, 8, 9),
            classes);
}
