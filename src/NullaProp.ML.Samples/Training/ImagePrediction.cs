namespace NullaProp.ML.Samples.Training;

/// <summary>What the model says about an image. ML.NET fills the property by its name.</summary>
internal sealed class ImagePrediction
{
    /// <summary>Gets or sets the probability of each class; they sum to 1.</summary>
    public float[] Score { get; set; } = [];
}
