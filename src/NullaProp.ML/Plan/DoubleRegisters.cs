namespace NullaProp.ML.Plan;

/// <summary>
/// One way from noise to label in plain double arithmetic, with z itself in the registers and any function in place of the network.
/// </summary>
/// <param name="start">z₀.</param>
internal sealed class DoubleRegisters(double[] start) : IPlanRegisters
{
    private readonly Dictionary<Register, double[]> _values = new()
    {
        [Register.State] = start,
        [Register.Point] = start,
        [Register.Prediction] = new double[start.Length],
    };

    /// <summary>Gets or sets a register; nobody changes its numbers.</summary>
    /// <param name="register">Which.</param>
    public double[] this[Register register]
    {
        get => _values[register];
        set => _values[register] = value;
    }

    /// <inheritdoc/>
    public void Scale(Register target, double factor, Register source) => this[target] = [.. this[source].Select(x => factor * x)];

    /// <inheritdoc/>
    public void Add(Register target, double factor, Register source) =>
        this[target] = [.. this[target].Zip(this[source], (sum, x) => sum + (factor * x))];

    /// <inheritdoc/>
    public void Copy(Register source, Register target) => this[target] = this[source];
}
