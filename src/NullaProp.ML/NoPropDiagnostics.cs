namespace NullaProp.ML;

/// <summary>What a model's accuracy is worth: figures that should stand beside it.</summary>
/// <param name="Rows">The number of rows measured, those with a label.</param>
/// <param name="SingleEvaluationMicroAccuracy">
/// The share classified correctly by the first evaluation alone, as an ordinary classifier does it, 0 to 1.
/// </param>
/// <param name="NoiseZMicroAccuracy">
/// The share classified correctly when the noisy label is replaced by fresh noise at every evaluation, 0 to 1. As high as the accuracy
/// itself: the way from noise to label decides nothing.
/// </param>
/// <param name="EmbeddingNorm">The mean Euclidean norm of the class embeddings; near 0 they have collapsed.</param>
public sealed record NoPropDiagnostics(int Rows, double SingleEvaluationMicroAccuracy, double NoiseZMicroAccuracy, double EmbeddingNorm);
