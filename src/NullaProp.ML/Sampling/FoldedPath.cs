namespace NullaProp.ML.Sampling;

/// <summary>What a way from one start adds that is the same for every image.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="State">The bias of the read-out of the last state, (K), where the plan scores it.</param>
internal sealed record FoldedPath(IReadOnlyList<FoldedStage> Stages, float[]? State);

/// <summary>What one evaluation adds.</summary>
/// <param name="Label">The bias of the label's first layer, (H).</param>
/// <param name="Head">The bias of the head's first layer, (H).</param>
/// <param name="Readout">The bias of the read-out, (K), where the network predicts a velocity.</param>
internal readonly record struct FoldedStage(float[] Label, float[] Head, float[]? Readout);
