using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.TrainingImages;

[TestClass]
public sealed class ImageLoaderTests
{
    private static readonly ImageShape Photo = new(3, 224, 224); // 150,528 values, of which 2 GiB hold 3,566 rows in single precision

    [TestMethod]
    [DataRow(4096, 3566, 4)] // fewer rows than the batch may have
    [DataRow(3566, 9000, 4)]
    [DataRow(14_266, 20_000, 1)]
    public void CheckBatch_BatchOfTwoGiB_IsTaken(int batchSize, int rows, int valueBytes) =>
        ImageLoader.CheckBatch(Photo, Photo.Size * valueBytes, rows, new NoPropOptions { BatchSize = batchSize });

    [TestMethod]
    [DataRow(4096, 3567, 4, "602112 bytes: lower the option to 3566 or less.")]
    [DataRow(14_267, 20_000, 1, "150528 bytes: lower the option to 14266 or less.")]
    public void CheckBatch_LargerBatch_SaysTheLargest(int batchSize, int rows, int valueBytes, string end)
    {
        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => ImageLoader.CheckBatch(Photo, Photo.Size * valueBytes, rows, new NoPropOptions { BatchSize = batchSize }));

        Assert.StartsWith(
            $"BatchSize is {batchSize}, but a batch takes at most 2 GiB, and a row of 3×224×224 values takes ", fault.Message);
        Assert.EndsWith(end, fault.Message);
    }
}
