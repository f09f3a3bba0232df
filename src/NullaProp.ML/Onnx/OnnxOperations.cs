using NullaProp.ML.Tensors;

namespace NullaProp.ML.Onnx;

/// <summary>What a graph can compute, as ONNX's operators of opset 12 say it.</summary>
internal static class OnnxOperations
{
    private const double LayerNormEpsilon = 1e-5; // torch's default

    extension(OnnxGraph graph)
    {
        /// <summary>a + b; dimensions of one element, or missing ones in front, are repeated.</summary>
        public OnnxValue Add(OnnxValue a, OnnxValue b) => graph.Node("Add", [a, b]);

        /// <summary>a − b.</summary>
        public OnnxValue Subtract(OnnxValue a, OnnxValue b) => graph.Node("Sub", [a, b]);

        /// <summary>a · b, element by element.</summary>
        public OnnxValue Multiply(OnnxValue a, OnnxValue b) => graph.Node("Mul", [a, b]);

        /// <summary>a / b, element by element.</summary>
        public OnnxValue Divide(OnnxValue a, OnnxValue b) => graph.Node("Div", [a, b]);

        /// <summary>√x.</summary>
        public OnnxValue SquareRoot(OnnxValue x) => graph.Node("Sqrt", [x]);

        /// <summary>ln x.</summary>
        public OnnxValue Logarithm(OnnxValue x) => graph.Node("Log", [x]);

        /// <summary>max(x, 0).</summary>
        public OnnxValue Relu(OnnxValue x) => graph.Node("Relu", [x]);

        /// <summary>x where it is from least to most, else the nearer of them.</summary>
        public OnnxValue Clip(OnnxValue x, double least, double most) => graph.Node("Clip", [x, graph.Scalar(least), graph.Scalar(most)]);

        /// <summary>The probabilities that logits of (N, K) stand for.</summary>
        public OnnxValue SoftMax(OnnxValue logits) => graph.Node("Softmax", [logits], new OnnxAttribute("axis", 1));

        /// <summary>The place of the largest of (N, K), (N); the first of equal ones.</summary>
        public OnnxValue ArgMax(OnnxValue x) => graph.Node("ArgMax", [x], new("axis", 1), new("keepdims", 0));

        /// <summary>The same values in another type.</summary>
        public OnnxValue Cast(OnnxValue x, OnnxType type) => graph.Node("Cast", [x], new OnnxAttribute("to", (long)type));

        /// <summary>The same values with their dimensions in another order.</summary>
        public OnnxValue Transpose(OnnxValue x, params long[] order) => graph.Node("Transpose", [x], new OnnxAttribute("perm", order));

        /// <summary>Channels of (N, C, …) by their numbers.</summary>
        public OnnxValue Channels(OnnxValue x, params long[] numbers) =>
            graph.Node("Gather", [x, graph.Integers(numbers)], new OnnxAttribute("axis", 1));

        /// <summary>The rows of x, each of this shape.</summary>
        public OnnxValue Reshape(OnnxValue x, params long[] shape) => graph.Node("Reshape", [x, graph.Integers([0, .. shape])]);

        /// <summary>The rows of x, each with its values side by side.</summary>
        public OnnxValue Flatten(OnnxValue x) => graph.Node("Flatten", [x], new OnnxAttribute("axis", 1));

        /// <summary>Tensors of (N, K) side by side as (N, n, K).</summary>
        public OnnxValue Stack(IEnumerable<OnnxValue> rows) => graph.Node(
            "Concat",
            [.. rows.Select(row => graph.Node("Unsqueeze", [row], new OnnxAttribute("axes", [1])))],
            new OnnxAttribute("axis", 1));

        /// <summary>The mean of each channel of (N, C, H, W), (N, C).</summary>
        public OnnxValue ChannelMean(OnnxValue x) => graph.Node("ReduceMean", [x], new("axes", [2, 3]), new("keepdims", 0));

        /// <summary>The sum of each row of (N, K), (N).</summary>
        public OnnxValue RowSum(OnnxValue x) => graph.Node("ReduceSum", [x], new("axes", [1]), new("keepdims", 0));

        /// <summary>A convolution with square kernels, padded by zeros so that a stride of 1 keeps height and width.</summary>
        /// <param name="x">(N, inputs, H, W).</param>
        /// <param name="name">The name of the weights.</param>
        /// <param name="weight">The kernels, (outputs, inputs, side, side).</param>
        /// <param name="bias">The biases, (outputs).</param>
        /// <param name="stride">Every how many pixels it is applied.</param>
        public OnnxValue Convolution(OnnxValue x, string name, HostTensor weight, HostTensor bias, int stride = 1)
        {
            var side = weight.Shape[^1];
            return graph.Node(
                "Conv",
                [x, graph.Matrix($"{name}.weight", weight), graph.Tensor($"{name}.bias", bias.Shape, bias.Values)],
                new("kernel_shape", [side, side]),
                new("pads", [side / 2, side / 2, side / 2, side / 2]),
                new("strides", [stride, stride]));
        }

        /// <summary>The largest of each square of pixels; squares that would reach over the edge are left out.</summary>
        /// <param name="x">(N, C, H, W).</param>
        /// <param name="side">The squares' side.</param>
        /// <param name="stride">Every how many pixels there is one.</param>
        /// <param name="padding">How many pixels the edge lies beyond the image.</param>
        public OnnxValue MaxPool(OnnxValue x, int side, int stride, int padding = 0) => graph.Node(
            "MaxPool",
            [x],
            new("kernel_shape", [side, side]),
            new("pads", [padding, padding, padding, padding]),
            new("strides", [stride, stride]));

        /// <summary>x·Aᵀ.</summary>
        /// <param name="x">(N, inputs).</param>
        /// <param name="name">The name of the matrix.</param>
        /// <param name="matrix">A, (outputs, inputs).</param>
        public OnnxValue Product(OnnxValue x, string name, HostTensor matrix) =>
            graph.Node("Gemm", [x, graph.Matrix(name, matrix)], new OnnxAttribute("transB", 1));

        /// <summary>x·Aᵀ + b.</summary>
        /// <param name="x">(N, inputs).</param>
        /// <param name="name">The name of the matrix.</param>
        /// <param name="matrix">A, (outputs, inputs).</param>
        /// <param name="bias">b, (outputs) or (N, outputs).</param>
        public OnnxValue Product(OnnxValue x, string name, HostTensor matrix, OnnxValue bias) =>
            graph.Node("Gemm", [x, graph.Matrix(name, matrix), bias], new OnnxAttribute("transB", 1));

        /// <summary>Layer normalisation of rows, by operators that opset 12 has.</summary>
        /// <param name="x">(N, n).</param>
        /// <param name="scale">(n).</param>
        /// <param name="shift">(n).</param>
        public OnnxValue LayerNorm(OnnxValue x, OnnxValue scale, OnnxValue shift)
        {
            var centred = graph.Subtract(x, RowMean(x));
            var variance = RowMean(graph.Multiply(centred, centred));
            var deviation = graph.SquareRoot(graph.Add(variance, graph.Scalar(LayerNormEpsilon)));
            return graph.Add(graph.Multiply(graph.Divide(centred, deviation), scale), shift);

            OnnxValue RowMean(OnnxValue rows) => graph.Node("ReduceMean", [rows], new("axes", [1]), new("keepdims", 1)); // (N, 1)
        }
    }
}
