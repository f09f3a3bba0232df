using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>
/// A trained model with neighbouring linear layers multiplied out. The noisy label is kept as z = c·z₀ + q·W, q of length K, for it only ever gains multiples of
/// rows of W (docs/performance.md): its first layer reads q, its second and its share of the head's first layer are one matrix.
/// </summary>
internal sealed class FoldedModel : IDisposable
{
    private readonly Denoiser _model;

    /// <summary>Multiplies out a model's layers, in double precision.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    public FoldedModel(Denoiser model)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _model = model;
        var embedding = Double(model.Embedding.Matrix()); // (K, D)
        var (first, second, output) = (model.LabelEncoder.First, model.LabelEncoder.Second, model.Backbone.Output);
        LabelMatrix = Kept(embedding.mm(Double(first.Weight).t())); // (K, H)
        LabelFold = Kept(Double(second.Weight).t().mm(Double(model.Head.LabelColumns()).t())); // (H, H)
        ResidualMatrix = model.LabelEncoder.HasResidual ? Kept(embedding.mm(Double(model.Head.LabelColumns()).t())) : null; // (K, H)
        ImageMatrix = Kept(Double(model.Head.ImageColumns()).mm(Double(output.Weight))); // (H, F)
        ImageBias = Kept(Double(output.Bias).unsqueeze(0).mm(Double(model.Head.ImageColumns()).t()).squeeze(0)); // (H)
    }

    /// <summary>Gets what the label's first layer makes of q, (K, H).</summary>
    public Tensor LabelMatrix { get; }

    /// <summary>Gets the label's second layer times its share of the head's first, (H, H).</summary>
    public Tensor LabelFold { get; }

    /// <summary>Gets what the head's first layer makes of z itself through q, (K, H), where the encoder adds z to its code.</summary>
    public Tensor? ResidualMatrix { get; }

    /// <summary>Gets the backbone's last layer times its share of the head's first, (H, F).</summary>
    public Tensor ImageMatrix { get; }

    /// <summary>Gets the bias that goes with it, (H).</summary>
    public Tensor ImageBias { get; }

    /// <summary>Returns the image's share of the head's first layer.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    public Tensor ImageShare(Tensor pixels) =>
        nn.functional.linear(_model.Backbone.Maps(_model.Normalization.Apply(pixels)), ImageMatrix, ImageBias); // (B, H)

    /// <summary>Returns what a stage adds that depends neither on the image nor on q.</summary>
    /// <param name="start">z₀, (1, D).</param>
    /// <param name="share">c, what is left of z₀ at this stage.</param>
    /// <param name="time">t.</param>
    /// <returns>The bias of the label's first layer and the bias of the head's first layer, (1, H) each.</returns>
    public (Tensor Label, Tensor Head) Biases(Tensor start, double share, double time)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var (encoder, z) = (_model.LabelEncoder, start * share);
        var head = _model.Head.LabelShare(encoder.Second.Bias.unsqueeze(0)).Plus(_model.TimeShare(full(1, 1, time, dtype: ScalarType.Float32, device: start.device))); // (1, H)
        if (encoder.HasResidual)
        {
            head = head.Plus(_model.Head.LabelShare(z));
        }

        return (encoder.First.Forward(z).DetachFromDisposeScope(), head.DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LabelMatrix.Dispose();
        LabelFold.Dispose();
        ResidualMatrix?.Dispose();
        ImageMatrix.Dispose();
        ImageBias.Dispose();
    }

    private static Tensor Double(Tensor weight) => weight.to(ScalarType.Float64);

    private static Tensor Kept(Tensor product) => product.to(ScalarType.Float32).DetachFromDisposeScope();
}
