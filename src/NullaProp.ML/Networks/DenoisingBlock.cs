using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The network that predicts the clean label from an image, a noisy label and, where one block serves all times, the time. Discrete time
/// has a block for each step, trained by itself; its noise level is always the same, so it reads no time.
/// </summary>
internal sealed class DenoisingBlock
{
    private readonly Lazy<Scalar> _labelScale; // a native number: made when tensors are

    /// <summary>Creates the block, asking for every weight by name.</summary>
    /// <param name="weights">The block's scope.</param>
    /// <param name="options">The architecture.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="embedding">The class embeddings.</param>
    public DenoisingBlock(WeightScope weights, NoPropOptions options, ImageShape shape, ClassEmbedding embedding)
    {
        Backbone = BackboneFactory.Create(weights.Under("backbone"), options, shape);
        LabelEncoder = new NoisyLabelEncoder(weights.Under("label_encoder"), embedding.Dimension, options.HiddenSize);
        Time = options.Variant.ReadsTime ? new TimeEncoder(weights.Under("time_encoder"), options.HiddenSize) : null;
        Head = new FusionHead(weights.Under("head"), options.HiddenSize, embedding.Classes, parts: Time is null ? 2 : 3);
        _labelScale = new Lazy<Scalar>(() => LabelScale);
    }

    /// <summary>Gets the image network.</summary>
    public Backbone Backbone { get; }

    /// <summary>Gets the network that reads the noisy label.</summary>
    public NoisyLabelEncoder LabelEncoder { get; }

    /// <summary>
    /// Gets or sets what z is multiplied by before it is read. A block of discrete time has the factor √ᾱ of its level, by which the best
    /// linear estimate of a label of variance 1 shrinks z: the noisier it is, the less of it the block has to learn to overlook
    /// (docs/decisions.md). Elsewhere 1.
    /// </summary>
    public double LabelScale { get; set; } = 1;

    /// <summary>Gets the network that reads the time, where the block serves several.</summary>
    public TimeEncoder? Time { get; }

    /// <summary>Gets the head.</summary>
    public FusionHead Head { get; }

    /// <summary>Returns the image's share of the head's first layer: everything that depends on the image alone.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    public Tensor ImageShare(Tensor images, TrainingContext? training = null) =>
        Head.ImageShare(Backbone.Features(images, training)); // (B, H)

    /// <summary>Returns the noisy label's share.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    public Tensor LabelShare(Tensor z) => Head.LabelShare(LabelEncoder.Code(LabelScale == 1 ? z : z.mul(_labelScale.Value))); // (B, H)

    /// <summary>Returns the time's share, the head's bias included.</summary>
    /// <param name="time">Times, (B, 1) or (1, 1), each 0 to 1.</param>
    public Tensor TimeShare(Tensor time) => Time is null ? Head.Bias.unsqueeze(0) : Head.TimeShare(Time.Code(time)); // (B, H) or (1, H)

    /// <summary>Returns class logits.</summary>
    /// <param name="imageShare">From <see cref="ImageShare"/>, (B, H).</param>
    /// <param name="z">Noisy label embeddings, (B, D) or (1, D).</param>
    /// <param name="time">Times, (B, 1) or (1, 1).</param>
    // (B, K)
    public Tensor Logits(Tensor imageShare, Tensor z, Tensor time) => Head.Logits(imageShare.Plus(LabelShare(z)).Plus(TimeShare(time)));

    /// <summary>Returns class logits.</summary>
    /// <param name="imageShare">From <see cref="ImageShare"/>, (B, H).</param>
    /// <param name="z">Noisy labels, (B, D).</param>
    /// <param name="time">Times, (B, 1) or (1, 1).</param>
    // (B, K)
    public Tensor Logits(Tensor imageShare, NoisyLabels z, Tensor time) =>
        LabelEncoder.ReadsByParts(z)
            ? Head.Logits(imageShare.Plus(Head.LabelShare(LabelEncoder.Code(z, _labelScale.Value))).Plus(TimeShare(time)))
            : Logits(imageShare, z.Values(), time);
}
