using NullaProp.ML.Tensors;

namespace NullaProp.ML.Diffusion;

/// <summary>The raw weights of a <see cref="MonotoneNoiseSchedule"/>; H is its hidden width.</summary>
/// <param name="Slopes">w₁ before softplus, (1, H).</param>
/// <param name="Offsets">b₁, (H).</param>
/// <param name="Mixture">w₂ before softplus, (H, 1).</param>
/// <param name="Level">b₂, (1).</param>
/// <param name="NoiseEnd">λ₀, (1).</param>
/// <param name="LabelEnd">λ₁, (1).</param>
internal sealed record MonotoneScheduleWeights(
    Weight Slopes,
    Weight Offsets,
    Weight Mixture,
    Weight Level,
    Weight NoiseEnd,
    Weight LabelEnd);
