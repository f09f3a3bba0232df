using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>What a way from one start adds that is the same for every image.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="State">The bias of the read-out of the last state, (1, K), where the plan scores it.</param>
internal sealed record PathConstants(IReadOnlyList<StageConstants> Stages, Tensor? State) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        State?.Dispose();
        foreach (var stage in Stages)
        {
            stage.Label.Dispose();
            stage.Head.Dispose();
            stage.Readout?.Dispose();
        }
    }
}

/// <summary>What one evaluation adds.</summary>
/// <param name="Label">The bias of the label's first layer, (1, H).</param>
/// <param name="Head">The bias of the head's first layer, (1, H).</param>
/// <param name="Readout">The bias of the read-out, (1, K), where the network predicts a velocity.</param>
internal readonly record struct StageConstants(Tensor Label, Tensor Head, Tensor? Readout);
