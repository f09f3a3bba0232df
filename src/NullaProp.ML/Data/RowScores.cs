namespace NullaProp.ML.Data;

/// <summary>What scoring gives for one row.</summary>
/// <param name="Probabilities">The class probabilities, K of them, which sum to 1.</param>
/// <param name="Disagreement">The share of draws that give another class than the predicted one, 0 to 1; 0 where nobody asks for it.</param>
internal readonly record struct RowScores(ReadOnlyMemory<float> Probabilities, float Disagreement);
