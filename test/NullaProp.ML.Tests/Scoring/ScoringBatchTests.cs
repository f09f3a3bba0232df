using NullaProp.ML.Scoring;

namespace NullaProp.ML.Tests.Scoring;

[TestClass]
public sealed class ScoringBatchTests
{
    // At most 256 images and 4,194,304 values, but at least one image.
    [TestMethod]
    [DataRow(1, 28, 28, 256)]
    [DataRow(3, 224, 224, 27)]
    [DataRow(3, 4000, 4000, 1)]
    public void Rows_ImageSize_BoundsMemory(int channels, int height, int width, int rows)
    {
        Assert.AreEqual(rows, ScoringBatch.Rows(new ImageShape(channels, height, width)));
    }

    [TestMethod]
    [DataRow(1_000, 256)]
    [DataRow(65_536, 8)] // 8 numbers of each class
    public void Rows_VeryManyClasses_AreFewer(int classes, int rows)
    {
        Assert.AreEqual(rows, ScoringBatch.Rows(new ImageShape(1, 28, 28), classes));
    }
}
