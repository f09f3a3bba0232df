using NullaProp.ML.Onnx;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>Every operation, by ONNX Runtime with its optimisations and without, against arithmetic written out here.</summary>
[TestClass]
public sealed class OnnxOperationsTests
{
    private static readonly float[] Numbers = [0.5f, -2, 3, 1.5f, 4, -0.25f]; // two rows of three

    private static readonly Dictionary<string, (Operation Operation, Func<float, float> Expected)> Elementwise = new()
    {
        ["Add"] = ((graph, x) => graph.Add(x, graph.Scalar(2)), x => x + 2),
        ["Subtract"] = ((graph, x) => graph.Subtract(x, graph.Scalar(2)), x => x - 2),
        ["Multiply"] = ((graph, x) => graph.Multiply(x, graph.Scalar(-3)), x => -3 * x),
        ["Divide"] = ((graph, x) => graph.Divide(graph.Scalar(2), x), x => 2 / x),
        ["Relu"] = ((graph, x) => graph.Relu(x), x => Math.Max(x, 0)),
        ["Clip"] = ((graph, x) => graph.Clip(x, -1, 2), x => Math.Clamp(x, -1, 2)),
        ["SquareRoot"] = ((graph, x) => graph.SquareRoot(graph.Multiply(x, x)), MathF.Abs),
        ["Logarithm"] = ((graph, x) => graph.Logarithm(graph.Multiply(x, x)), x => MathF.Log(x * x)),
        ["Cast"] = ((graph, x) => graph.Cast(graph.Cast(x, OnnxType.Int64), OnnxType.Single), MathF.Truncate),
    };

    public static IEnumerable<object[]> ElementwiseNames => Elementwise.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(ElementwiseNames))]
    public void Operation_EveryElement_IsThatOfPlainArithmetic(string name)
    {
        var (operation, expected) = Elementwise[name];

        AssertGives([.. Numbers.Select(expected)], [2, 3], Numbers, [3], operation);
    }

    [TestMethod]
    public void SoftMax_Rows_AreExponentialsByTheirSum()
    {
        var expected = Rows(row => row.Select(x => Math.Exp(x) / row.Sum(other => Math.Exp(other))));

        AssertGives(expected, [2, 3], Numbers, [3], (graph, x) => graph.SoftMax(x));
    }

    [TestMethod]
    public void LayerNorm_Rows_HaveTheScaledAndShiftedMoments()
    {
        float[] scale = [1, 2, -1], shift = [0, 0.5f, 3];
        var expected = Rows(row =>
        {
            var (mean, variance) = (row.Average(), row.Average(x => Math.Pow(x - row.Average(), 2)));
            return row.Select((x, i) => ((x - mean) / Math.Sqrt(variance + 1e-5) * scale[i]) + shift[i]);
        });

        AssertGives(expected, [2, 3], Numbers, [3], (graph, x) =>
            graph.LayerNorm(x, graph.Tensor("scale", [3], scale), graph.Tensor("shift", [3], shift)));
    }

    [TestMethod]
    public void Product_WithBias_IsTheLinearLayer()
    {
        HostTensor matrix = new([2, 3], [1, 2, 3, -1, 0, 1]);
        float[] expected = [0.5f - 4 + 9 + 10, -0.5f + 3 + 20, 1.5f + 8 - 0.75f + 10, -1.5f - 0.25f + 20];

        AssertGives(expected, [2, 3], Numbers, [2], (graph, x) => graph.Product(x, "a", matrix, graph.Tensor("b", [2], [10, 20])));
    }

    [TestMethod]
    public void Product_WithoutBias_IsTheMatrixProduct()
    {
        AssertGives([-1.5f, 5.5f], [2, 3], Numbers, [1], (graph, x) => graph.Product(x, "a", new HostTensor([1, 3], [1, 1, 0])));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void Convolution_AnyStride_SumsWhatTheKernelCovers(int stride)
    {
        float[] image = [.. Enumerable.Range(0, 2 * 5 * 4).Select(i => MathF.Sin(i))]; // (1, 2, 5, 4)
        HostTensor kernels = new([3, 2, 3, 3], [.. Enumerable.Range(0, 54).Select(i => MathF.Cos(i))]);
        HostTensor biases = new([3], [1, 2, 3]);
        int height = (5 + stride - 1) / stride, width = (4 + stride - 1) / stride;
        float[] expected =
        [
            .. from output in Enumerable.Range(0, 3)
               from y in Enumerable.Range(0, height)
               from x in Enumerable.Range(0, width)
               select At(output, y * stride, x * stride),
        ];

        AssertGives(expected, [1, 2, 5, 4], image, [3, height, width], (graph, x) => graph.Convolution(x, "conv", kernels, biases, stride));

        float At(int output, int row, int column)
        {
            var sum = biases.Values[output];
            for (var i = 0; i < 18; i++)
            {
                var (channel, y, x) = (i / 9, row + (i / 3 % 3) - 1, column + (i % 3) - 1);
                sum += y is < 0 or > 4 || x is < 0 or > 3 ? 0 : kernels.Values[(output * 18) + i] * image[(channel * 20) + (y * 4) + x];
            }

            return sum;
        }
    }

    [TestMethod]
    public void MaxPool_SquaresOverTheEdge_AreLeftOut()
    {
        float[] image = [1, 2, 9, 3, 4, 9, 9, 9, 9];

        AssertGives([4], [1, 1, 3, 3], image, [1, 1, 1], (graph, x) => graph.MaxPool(x, side: 2, stride: 2));
    }

    [TestMethod]
    public void MaxPool_PaddedEdge_CountsNothingBeyondTheImage()
    {
        float[] image = [-1, -2, -3, -4];

        AssertGives([-1], [1, 1, 2, 2], image, [1, 1, 1], (graph, x) => graph.MaxPool(x, side: 3, stride: 2, padding: 1));
    }

    [TestMethod]
    public void ChannelMean_Maps_AreTheMeanOfTheirPixels()
    {
        AssertGives([2.5f, 6.5f], [1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8], [2], (graph, x) => graph.ChannelMean(x));
    }

    [TestMethod]
    public void RowSum_Rows_AreAdded()
    {
        AssertGives([1.5f, 5.25f], [2, 3], Numbers, [], (graph, x) => graph.RowSum(x));
    }

    [TestMethod]
    public void Transpose_PixelsOfAllChannels_BecomeChannels()
    {
        AssertGives([1, 3, 5, 2, 4, 6], [1, 1, 3, 2], [1, 2, 3, 4, 5, 6], [2, 1, 3], (graph, x) => graph.Transpose(x, 0, 3, 1, 2));
    }

    [TestMethod]
    public void ReshapeAndFlatten_ThereAndBack_KeepTheOrder()
    {
        AssertGives(Numbers, [2, 3], Numbers, [3], (graph, x) => graph.Flatten(graph.Reshape(x, 3, 1, 1)));
    }

    [TestMethod]
    public void Stack_TwoTensors_LieSideBySideInEveryRow()
    {
        float[] expected = [0.5f, -2, 3, 1, -4, 6, 1.5f, 4, -0.25f, 3, 8, -0.5f];

        AssertGives(expected, [2, 3], Numbers, [2, 3], (graph, x) => graph.Stack([x, graph.Add(x, x)]));
    }

    [TestMethod]
    public void ArgMax_EqualValues_GivesTheFirst()
    {
        var graph = new OnnxGraph(OnnxPrecision.Full);
        graph.Output("y", graph.ArgMax(graph.Input("x", OnnxType.Single, 3)), OnnxType.Int64);
        using var run = new OnnxRun(OnnxRun.File(graph));

        CollectionAssert.AreEqual(new long[] { 2, 0 }, run.Integers("y", [2, 3], [0f, 1, 2, 5, 5, 1]));
    }

    private delegate OnnxValue Operation(OnnxGraph graph, OnnxValue x);

    private static float[] Rows(Func<float[], IEnumerable<double>> row) => [.. Numbers.Chunk(3).SelectMany(row).Select(x => (float)x)];

    private static void AssertGives(
        float[] expected, int[] shape, float[] input, long[] outputShape, Operation operation)
    {
        var graph = new OnnxGraph(OnnxPrecision.Full);
        var x = graph.Input("x", OnnxType.Single, [.. shape.Skip(1).Select(size => (long)size)]);
        graph.Output("y", operation(graph, x), OnnxType.Single, outputShape);
        var file = OnnxRun.File(graph);
        foreach (var optimized in new[] { false, true })
        {
            using var run = new OnnxRun(file, optimized);

            var actual = run.Singles("y", shape, input);

            Assert.HasCount(expected.Length, actual);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i], actual[i], 1e-5f * Math.Max(1, Math.Abs(expected[i])));
            }
        }
    }
}
