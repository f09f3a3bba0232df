using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>A <see cref="Linear"/> layer in managed memory, for one point at a time and in double precision.</summary>
/// <param name="Weight">The matrix A, (outputs, inputs).</param>
/// <param name="Bias">The bias b, (outputs).</param>
internal sealed record HostLinear(HostTensor Weight, HostTensor Bias)
{
    /// <summary>Applies the layer.</summary>
    /// <param name="x">A point, (inputs).</param>
    public double[] Forward(ReadOnlySpan<double> x) => Plus(Weight.Times(x), Bias.Values); // (outputs)

    /// <summary>Applies only the columns that read a slice of the input, without bias.</summary>
    /// <param name="slice">The input from column <paramref name="start"/> on.</param>
    /// <param name="start">The slice's first column.</param>
    public double[] Share(ReadOnlySpan<double> slice, int start) => Weight.Times(slice, start); // (outputs)

    private static double[] Plus(double[] sum, float[] bias)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += bias[i];
        }

        return sum;
    }
}
