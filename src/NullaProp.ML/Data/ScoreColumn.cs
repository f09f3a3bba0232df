namespace NullaProp.ML.Data;

/// <summary>What a column holds that a model adds.</summary>
internal enum ScoreColumn
{
    /// <summary>The predicted class, a key.</summary>
    PredictedLabel,

    /// <summary>The class probabilities.</summary>
    Score,

    /// <summary>The Shannon entropy of the class probabilities.</summary>
    Entropy,

    /// <summary>The share of draws that give another class than the predicted one.</summary>
    Disagreement,
}
