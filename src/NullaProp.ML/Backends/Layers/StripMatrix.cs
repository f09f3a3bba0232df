using System.Runtime.CompilerServices;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// A matrix (inputs, outputs) whose outputs lie in strips, each as wide as what <see cref="StripKernels"/> computes at once: a strip is
/// read from one place while many rows are multiplied with it.
/// </summary>
internal sealed class StripMatrix
{
    /// <summary>The number of outputs in a strip; where they fill no whole one, half of it.</summary>
    public const int Strip = 2 * ManagedKernels.Lanes;

    private readonly float[] _values; // strip by strip, each (inputs, 32), the last perhaps (inputs, 16)

    private StripMatrix(int inputs, int outputs) => (Inputs, Outputs, _values) = (inputs, outputs, new float[inputs * outputs]);

    /// <summary>Gets the number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>Gets the number of outputs, whole vectors.</summary>
    public int Outputs { get; }

    /// <summary>Copies a matrix.</summary>
    /// <param name="values">(outputs, inputs).</param>
    /// <param name="outputs">The number of outputs, whole vectors.</param>
    public static StripMatrix Of(ReadOnlySpan<float> values, int outputs)
    {
        var matrix = new StripMatrix(values.Length / outputs, outputs);
        matrix.Take(values, firstInput: 0, matrix.Inputs, inputStep: 1);
        return matrix;
    }

    /// <summary>Copies the kernels of a convolution as a matrix, window row by row.</summary>
    /// <param name="weight">(outputs, C, height, width), the outputs whole vectors.</param>
    public static StripMatrix OfKernels(HostTensor weight)
    {
        var (channels, window) = ((int)weight.Shape[1], (int)(weight.Shape[2] * weight.Shape[3]));
        var matrix = new StripMatrix(window * channels, weight.Rows);
        for (var place = 0; place < window; place++)
        {
            matrix.Take(weight.Values.AsSpan(place), place * channels, channels, window);
        }

        return matrix;
    }

    /// <summary>Returns the width of a strip.</summary>
    /// <param name="first">Its first output.</param>
    public int WidthAt(int first) => Math.Min(Strip, Outputs - first);

    /// <summary>Returns a strip, (inputs, width).</summary>
    /// <param name="first">Its first output.</param>
    public ReadOnlySpan<float> At(int first) => _values.AsSpan(Inputs * first, Inputs * WidthAt(first));

    // Some inputs, of which each value is so many places behind the one before, and each output's a row of the matrix behind.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(ReadOnlySpan<float> values, int firstInput, int inputs, int inputStep)
    {
        for (var first = 0; first < Outputs; first += Strip)
        {
            var width = WidthAt(first);
            for (var input = 0; input < inputs; input++)
            {
                var target = _values.AsSpan((Inputs * first) + ((firstInput + input) * width), width);
                for (var output = 0; output < width; output++)
                {
                    target[output] = values[(input * inputStep) + ((first + output) * Inputs)];
                }
            }
        }
    }
}
