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

/// <summary>The first layer of a <see cref="FusionHead"/> in managed memory.</summary>
/// <param name="Layer">The layer, which reads image features, label code and, where there is one, time code side by side.</param>
/// <param name="Hidden">H, the width of each.</param>
internal sealed record HostJoin(HostLinear Layer, int Hidden)
{
    /// <summary>Returns the columns that read the image's features, (H, H).</summary>
    public HostTensor ImageColumns() => Layer.Weight.ColumnRange(0, Hidden);

    /// <summary>Returns the columns that read the noisy label's code, (H, H).</summary>
    public HostTensor LabelColumns() => Layer.Weight.ColumnRange(Hidden, Hidden);

    /// <summary>Returns the noisy label's share.</summary>
    /// <param name="code">A label code, (H).</param>
    public double[] LabelShare(ReadOnlySpan<double> code) => Layer.Share(code, Hidden); // (H)

    /// <summary>Returns the time's share, without the bias.</summary>
    /// <param name="code">A time code, (H).</param>
    public double[] TimeShare(ReadOnlySpan<double> code) => Layer.Share(code, 2 * Hidden); // (H)
}

/// <summary>A <see cref="TimeEncoder"/> in managed memory, for one time and in double precision.</summary>
/// <param name="Frequencies">The learned frequencies, (1, 32).</param>
/// <param name="First">The first layer.</param>
/// <param name="Second">The second layer.</param>
internal sealed record HostTimeEncoder(HostTensor Frequencies, HostLinear First, HostLinear Second)
{
    /// <summary>Returns the code of a time.</summary>
    /// <param name="time">t, 0 to 1.</param>
    public double[] Code(double time)
    {
        var angles = Frequencies.Values.Select(frequency => 2 * Math.PI * time * frequency).ToArray(); // (32)
        var hidden = First.Forward([.. angles.Select(Math.Sin), .. angles.Select(Math.Cos)]); // (hidden)
        return Second.Forward([.. hidden.Select(x => x / (1 + Math.Exp(-x)))]); // (hidden)
    }
}
