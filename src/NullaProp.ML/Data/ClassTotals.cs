namespace NullaProp.ML.Data;

/// <summary>How many rows of each class there are, and what they weigh.</summary>
/// <param name="classes">K, the number of classes.</param>
internal sealed class ClassTotals(int classes)
{
    private readonly long[] _rows = new long[classes];
    private readonly double[] _weights = new double[classes];

    /// <summary>Gets the number of rows of each class.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>Gets the sum of the weights of each class's rows.</summary>
    public IReadOnlyList<double> Weights => _weights;

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    public void Add(LabelledRow row)
    {
        _rows[row.Label]++;
        _weights[row.Label] += row.Weight;
    }
}
