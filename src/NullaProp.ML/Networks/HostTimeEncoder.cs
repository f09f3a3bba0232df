using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

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
