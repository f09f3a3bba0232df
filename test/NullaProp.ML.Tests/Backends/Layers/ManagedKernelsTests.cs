using System.Runtime.Intrinsics;
using NullaProp.ML.Backends.Layers;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>The loops against sums taken one by one in double precision, and the same bits by vectors of every width.</summary>
[TestClass]
public sealed class ManagedKernelsTests
{
    private const double Rounding = 1e-5; // single precision, some hundred products of numbers up to 1

    [TestMethod]
    [DataRow(1, 16)]
    [DataRow(7, 16)]
    [DataRow(30, 48)]
    [DataRow(257, 112)]
    public void MultiplyAdd_AnySize_AddsTheProduct(int inputs, int outputs)
    {
        var random = new Random(inputs);
        var (x, matrix, before) = (Numbers(random, inputs, zeros: 0.4), Numbers(random, inputs * outputs), Numbers(random, outputs));
        var (by512, by256, by128, chosen) = (Copy(before), Copy(before), Copy(before), Copy(before));

        ManagedKernels.MultiplyAdd(x, matrix, chosen);
        ManagedKernels.MultiplyAdd<Vectors512, Vector512<float>>(x, matrix, by512);
        ManagedKernels.MultiplyAdd<Vectors256, Vector256<float>>(x, matrix, by256);
        ManagedKernels.MultiplyAdd<Vectors128, Vector128<float>>(x, matrix, by128);

        for (var k = 0; k < outputs; k++)
        {
            var expected = before[k] + x.Select((value, i) => (double)value * matrix[(i * outputs) + k]).Sum();
            Assert.AreEqual(expected, chosen[k], Rounding, $"output {k}");
        }

        foreach (var other in new[] { by512, by256, by128 })
        {
            CollectionAssert.AreEqual(chosen, other);
        }
    }

    [TestMethod]
    public void Pool_TwoRows_TakesTheLargestOfEachSquareAndNoneBelowZero()
    {
        var random = new Random(1);
        var (upper, lower) = (Numbers(random, 6 * 16), Numbers(random, 6 * 16));
        var pooled = new float[3 * 16];

        ManagedKernels.Pool(upper, lower, outputs: 16, pooled);

        for (var i = 0; i < pooled.Length; i++)
        {
            var left = (i / 16 * 32) + (i % 16);
            float[] square = [upper[left], upper[left + 16], lower[left], lower[left + 16], 0];
            Assert.AreEqual(square.Max(), pooled[i]);
        }
    }

    [TestMethod]
    public void MultiplyAdd_MatrixTooShort_IsRefusedBeforeItIsRead()
    {
        var fault = Assert.ThrowsExactly<ArgumentException>(() => ManagedKernels.MultiplyAdd(new float[3], new float[47], new float[16]));

        StringAssert.StartsWith(fault.Message, "3 × 16 values in whole vectors of 16 are needed, but there are 47.");
    }

    private static float[] Numbers(Random random, int count, double zeros = 0) =>
        [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < zeros ? 0 : (2 * random.NextSingle()) - 1)];

    private static float[] Copy(float[] values) => [.. values];
}
