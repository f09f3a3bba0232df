namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>What the model says about an image. ML.NET fills the properties by name.</summary>
internal sealed class RowPrediction
{
    /// <summary>Gets or sets the probability of each class.</summary>
    public float[] Score { get; set; } = [];

    /// <summary>Gets or sets the most likely class, from 1.</summary>
    public uint PredictedLabel { get; set; }
}
