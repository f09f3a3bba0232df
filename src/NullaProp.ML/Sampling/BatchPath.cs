using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A <see cref="FoldedPath"/> as tensors.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="State">The bias of the read-out of the last state, (1, K), where the plan scores it.</param>
internal sealed record BatchPath(IReadOnlyList<BatchStage> Stages, Tensor? State);

/// <summary>A <see cref="FoldedStage"/> as tensors.</summary>
/// <param name="Label">The bias of the label's first layer, (1, H).</param>
/// <param name="Head">The bias of the head's first layer, (1, H).</param>
/// <param name="Readout">The bias of the read-out, (1, K), where the network predicts a velocity.</param>
internal readonly record struct BatchStage(Tensor Label, Tensor Head, Tensor? Readout);
