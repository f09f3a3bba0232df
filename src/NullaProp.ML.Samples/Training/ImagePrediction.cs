namespace NullaProp.ML.Samples.Training;

/// <summary>What the model says about an image. ML.NET fills the properties by name.</summary>
internal sealed class ImagePrediction
{
    /// <summary>Gets or sets the probability of each class; they sum to 1.</summary>
    public float[] Score { get; set; } = [];

    /// <summary>Gets or sets the name of the most likely class.</summary>
    public string PredictedLabel { get; set; } = "";
}
