using NullaProp.ML.Diffusion;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>The whole model: predicts the clean label from an image, a noisy label and a time; holds the class embeddings and the noise schedule with it.</summary>
internal sealed class Denoiser : IDisposable
{
    private readonly TimeEncoder _time;

    /// <summary>Creates the model, asking <paramref name="weights"/> for every weight by name.</summary>
    /// <param name="weights">The weights; the model owns them from here on.</param>
    /// <param name="options">The architecture.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">K, the number of classes, 2 or more.</param>
    public Denoiser(Weights weights, NoPropOptions options, ImageShape shape, int classes)
    {
        Weights = weights;
        ClassCount = classes;
        Normalization = new PixelNormalization(weights.Under("normalization"), shape.Channels);
        Backbone = new ConvBackbone(weights.Under("backbone"), shape, options.HiddenSize);
        Embedding = new ClassEmbedding(weights.Under("embedding"), options.Embedding, classes, options.EmbeddingDimension);
        LabelEncoder = new NoisyLabelEncoder(weights.Under("label_encoder"), Embedding.Dimension, options.HiddenSize);
        _time = new TimeEncoder(weights.Under("time_encoder"), options.HiddenSize);
        Head = new FusionHead(weights.Under("head"), options.HiddenSize, classes);
        Schedule = NoiseScheduleFactory.Create(weights.Under("schedule"), options);
    }

    /// <summary>Gets the number of classes K.</summary>
    public int ClassCount { get; }

    /// <summary>Gets the weights.</summary>
    public Weights Weights { get; }

    /// <summary>Gets the scaling of raw pixels.</summary>
    public PixelNormalization Normalization { get; }

    /// <summary>Gets the image network.</summary>
    public ConvBackbone Backbone { get; }

    /// <summary>Gets the class embeddings.</summary>
    public ClassEmbedding Embedding { get; }

    /// <summary>Gets the network that reads the noisy label.</summary>
    public NoisyLabelEncoder LabelEncoder { get; }

    /// <summary>Gets the head.</summary>
    public FusionHead Head { get; }

    /// <summary>Gets the noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>Returns the image's share of the head's first layer: everything that depends on the image alone.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    public Tensor ImageShare(Tensor pixels) => Head.ImageShare(Backbone.Features(Normalization.Apply(pixels))); // (B, H)

    /// <summary>Returns the noisy label's share.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    public Tensor LabelShare(Tensor z) => Head.LabelShare(LabelEncoder.Code(z)); // (B, H)

    /// <summary>Returns the time's share.</summary>
    /// <param name="time">Times, (B, 1) or (1, 1), each 0 to 1.</param>
    public Tensor TimeShare(Tensor time) => Head.TimeShare(_time.Code(time)); // (B, H) or (1, H)

    /// <summary>Returns class logits.</summary>
    /// <param name="imageShare">From <see cref="ImageShare"/>, (B, H).</param>
    /// <param name="z">Noisy label embeddings, (B, D) or (1, D).</param>
    /// <param name="time">Times, (B, 1) or (1, 1).</param>
    public Tensor Logits(Tensor imageShare, Tensor z, Tensor time) => Head.Logits(imageShare.Plus(LabelShare(z)).Plus(TimeShare(time))); // (B, K)

    /// <summary>Returns the mean Euclidean norm of the class embeddings.</summary>
    public double EmbeddingNorm()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        return Embedding.Matrix().norm(1, false, 2f).mean().item<float>();
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
