using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Tensors;

[TestClass]
public sealed class HostTensorTests
{
    private static readonly HostTensor Matrix = new([2, 3], [3, 0, 4, -1, 2, 0.5f]);

    [TestMethod]
    public void Scaled_Half_HalvesEveryValueAndKeepsTheShape()
    {
        var half = Matrix.Scaled(0.5);

        CollectionAssert.AreEqual(new[] { 1.5f, 0, 2, -0.5f, 1, 0.25f }, half.Values);
        CollectionAssert.AreEqual(Matrix.Shape, half.Shape);
    }

    [TestMethod]
    public void Times_Vector_IsARowsSumOfProducts() =>
        CollectionAssert.AreEqual(new[] { 3.0 + 12, -1 + 4 + 1.5 }, Matrix.Times([1.0, 2, 3]));

    [TestMethod]
    public void Times_SliceOfAVector_MeetsItsColumnsOnly() =>
        CollectionAssert.AreEqual(new[] { 8.0, 2 + 1 }, Matrix.Times([1.0, 2], start: 1));

    [TestMethod]
    public void Times_Matrix_IsEveryRowTimesEveryColumn()
    {
        var product = Matrix.Times(new HostTensor([3, 1], [1, 2, 4]));

        CollectionAssert.AreEqual(new float[] { 3 + 16, -1 + 4 + 2 }, product.Values);
        CollectionAssert.AreEqual(new long[] { 2, 1 }, product.Shape);
    }

    [TestMethod]
    public void TimesTransposed_Matrix_IsEveryRowTimesEveryRow()
    {
        var product = Matrix.TimesTransposed(Matrix);

        CollectionAssert.AreEqual(new float[] { 9 + 16, -3 + 2, -3 + 2, 1 + 4 + 0.25f }, product.Values);
        CollectionAssert.AreEqual(new long[] { 2, 2 }, product.Shape);
    }

    [TestMethod]
    public void ColumnRange_Middle_KeepsTheRows()
    {
        var part = Matrix.ColumnRange(1, 2);

        CollectionAssert.AreEqual(new long[] { 2, 2 }, part.Shape);
        CollectionAssert.AreEqual(new[] { 0, 4, 2, 0.5f }, part.Values);
    }

    [TestMethod]
    public void RowRange_OneRow_IsThatRow() => CollectionAssert.AreEqual(new[] { -1, 2, 0.5f }, Matrix.RowRange(1, 1).Values);

    [TestMethod]
    public void WithRowsOfLengthOne_RowOfZeros_StaysOne() =>
        CollectionAssert.AreEqual(new[] { 0.6f, 0.8f, 0, 0 }, new HostTensor([2, 2], [3, 4, 0, 0]).WithRowsOfLengthOne().Values);

    [TestMethod]
    [DataRow(1f, true)]
    [DataRow(float.NaN, false)]
    [DataRow(float.NegativeInfinity, false)]
    public void IsFinite_AnyValue_IsWhetherItIs(float value, bool isFinite) =>
        Assert.AreEqual(isFinite, new HostTensor([1, 2], [0, value]).IsFinite());
}
