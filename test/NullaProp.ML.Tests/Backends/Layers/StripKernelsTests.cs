using System.Runtime.Intrinsics;
using NullaProp.ML.Backends.Layers;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Rows times a strip against sums taken one by one in double precision, and the same bits by vectors of every width.</summary>
[TestClass]
public sealed class StripKernelsTests
{
    private const double Rounding = 1e-5; // single precision, some hundred products of numbers up to 1

    // Pieces that lie apart, rows that overlap, a last group of four that overlaps the one before.
    [TestMethod]
    [DataRow(4, 3, 1, 9, 6, 32, true)]
    [DataRow(7, 2, 3, 9, 40, 32, true)]
    [DataRow(5, 48, 1, 48, 0, 32, false)]
    [DataRow(8, 48, 1, 48, 0, 32, false)]
    [DataRow(21, 3, 3, 9, 70, 32, true)]
    [DataRow(6, 6, 3, 5, 60, 16, false)]
    [DataRow(4, 0, 2, 7, 30, 16, true)]
    [DataRow(5, 6, 3, 5, 60, 16, true)]
    [DataRow(24, 3, 3, 9, 80, 32, true)]
    public void Multiply_AnyRows_AddsTheProductToTheBias(int count, int step, int pieces, int length, int jump, int width, bool hasBias)
    {
        var rows = new StripRows(step, pieces, length, jump);
        var random = new Random(count);
        const int start = 3;
        var input = Numbers(random, start + (count * step) + (pieces * jump) + length);
        var (strip, bias) = (Numbers(random, pieces * length * width), hasBias ? Numbers(random, width) : []);
        var least = count % 2 == 0 ? float.NegativeInfinity : 0; // as without ReLU and with it
        var outputStep = width + 16;
        float[] Target() => new float[count * outputStep];
        var (chosen, by512, by256, by128) = (Target(), Target(), Target(), Target());

        StripKernels.Multiply(input, start, rows, count, strip, bias, least, chosen, outputStep);
        StripKernels.Multiply<Vectors512, Vector512<float>>(input.AsSpan(start), rows, count, strip, bias, least, by512, outputStep);
        StripKernels.Multiply<Vectors256, Vector256<float>>(input.AsSpan(start), rows, count, strip, bias, least, by256, outputStep);
        StripKernels.Multiply<Vectors128, Vector128<float>>(input.AsSpan(start), rows, count, strip, bias, least, by128, outputStep);

        for (var i = 0; i < chosen.Length; i++)
        {
            var (row, output) = (i / outputStep, i % outputStep);
            var expected = output < width ? Math.Max(least, Expected(row, output)) : 0;
            Assert.AreEqual(expected, chosen[i], Rounding, $"row {row}, output {output}");
        }

        foreach (var other in new[] { by512, by256, by128 })
        {
            CollectionAssert.AreEqual(chosen, other);
        }

        double Expected(int row, int output) => (hasBias ? bias[output] : 0) + Enumerable.Range(0, pieces * length).Sum(i =>
            (double)input[start + (row * step) + (i / length * jump) + (i % length)] * strip[(i * width) + output]);
    }

    // ReLU hides nothing: what is no number stays none.
    [TestMethod]
    [DataRow(16)]
    [DataRow(32)]
    public void Multiply_RowWithNaN_IsNaNAlsoWhereReluFollows(int width)
    {
        const int count = 13;
        var rows = new StripRows(Step: 9, Pieces: 1, Length: 9, Jump: 0);
        var (input, strip) = (Numbers(new Random(1), count * 9), Numbers(new Random(2), 9 * width));
        (input[(2 * 9) + 4], input[(12 * 9) + 8]) = (float.NaN, float.NaN);
        float[] Target() => new float[count * width];
        var (by512, by256, by128) = (Target(), Target(), Target());

        StripKernels.Multiply<Vectors512, Vector512<float>>(input, rows, count, strip, bias: [], least: 0, by512, width);
        StripKernels.Multiply<Vectors256, Vector256<float>>(input, rows, count, strip, bias: [], least: 0, by256, width);
        StripKernels.Multiply<Vectors128, Vector128<float>>(input, rows, count, strip, bias: [], least: 0, by128, width);

        foreach (var results in new[] { by512, by256, by128 })
        {
            for (var i = 0; i < results.Length; i++)
            {
                Assert.AreEqual(i / width is 2 or 12, float.IsNaN(results[i]), $"row {i / width}");
            }
        }
    }

    [TestMethod]
    public void Multiply_RowsBeyondTheInput_AreRefusedBeforeTheyAreRead() =>
        Assert.ThrowsExactly<IndexOutOfRangeException>(() => StripKernels.Multiply(
            new float[4 * 9 - 1],
            start: 0,
            new StripRows(9, 1, 9, 0),
            count: 4,
            new float[9 * 32],
            bias: [],
            least: 0,
            new float[4 * 32],
            step: 32));

    [TestMethod]
    public void Multiply_StripOfAnotherWidth_IsRefused() =>
        Assert.ThrowsExactly<ArgumentException>(() => StripKernels.Multiply(
            new float[36], 0, new StripRows(9, 1, 9, 0), count: 4, new float[9 * 24], bias: [], least: 0, new float[4 * 32], step: 32));

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
}
