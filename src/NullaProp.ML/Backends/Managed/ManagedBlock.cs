using System.Numerics.Tensors;
using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Backends.Managed;

/// <summary>One block for one row: what its image network, its noisy label's encoder and its head compute.</summary>
internal sealed class ManagedBlock
{
    private const float Epsilon = 1e-5f; // torch's default for layer normalisation

    private readonly int _hidden;
    private readonly ManagedMatrix _labelMatrix;
    private readonly ManagedMatrix _labelFold;
    private readonly ManagedMatrix? _residual;
    private readonly (float[] Scale, float[] Shift) _joinNorm;
    private readonly ManagedLinear _narrow;
    private readonly (float[] Scale, float[] Shift) _narrowNorm;
    private readonly ManagedLinear _output;

    /// <summary>Copies the weights of a block.</summary>
    /// <param name="model">The model.</param>
    /// <param name="block">The block.</param>
    /// <param name="folded">Its multiplied-out layers.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="threads">The most threads that compute an image together.</param>
    public ManagedBlock(Denoiser model, DenoisingBlock block, FoldedBlock folded, ImageShape shape, int threads)
    {
        ImageNetwork = block.Backbone.Layers() is { } layers
            ? new ManagedImageNetwork(model.Normalization, layers, block.Head.HostJoin().ImageColumns(), shape, threads)
            : new LibtorchImageNetwork(model.Normalization, block, shape);
        (_hidden, _labelMatrix, _labelFold) = (folded.LabelFold.Rows, new(folded.LabelMatrix), new(folded.LabelFold));
        _residual = folded.ResidualMatrix is { } residual ? new(residual) : null;
        (_joinNorm, _narrowNorm) = (Norm(block.Head.JoinNorm), Norm(block.Head.NarrowNorm));
        (_narrow, _output) = (new(block.Head.Narrow.Host()), new(block.Head.Output.Host()));
    }

    /// <summary>Gets the image network.</summary>
    public IImageNetwork ImageNetwork { get; }

    /// <summary>Gets H, padded to whole vectors.</summary>
    public int HiddenWidth => _labelFold.Width;

    /// <summary>Gets the padded width of the head's second layer.</summary>
    public int NarrowWidth => _narrow.Length;

    /// <summary>Evaluates the block.</summary>
    /// <param name="imageShare">The image's share of the head's first layer.</param>
    /// <param name="constants">What the stage adds, padded to whole vectors.</param>
    /// <param name="point">q, (K).</param>
    /// <param name="layers">Working memory.</param>
    /// <param name="logits">Where to write, K padded to whole vectors.</param>
    public void Evaluate(
        ReadOnlySpan<float> imageShare, FoldedStage constants, ReadOnlySpan<float> point, HiddenLayers layers, Span<float> logits)
    {
        constants.Label.CopyTo(layers.Label, 0);
        _labelMatrix.MultiplyAdd(point, layers.Label);
        TensorPrimitives.Max(layers.Label, 0f, layers.Label);

        TensorPrimitives.Add(imageShare, constants.Head, layers.Joined);
        _labelFold.MultiplyAdd(layers.Label.AsSpan(0, _hidden), layers.Joined);
        _residual?.MultiplyAdd(point, layers.Joined);

        var joined = layers.Joined.AsSpan(0, _hidden);
        NormalizeAndClip(joined, _joinNorm);
        var narrow = _narrow.Forward(joined, layers.Narrow);
        NormalizeAndClip(narrow, _narrowNorm);
        _output.Forward(narrow, logits);
    }

    private static (float[] Scale, float[] Shift) Norm(LayerNorm norm) => (norm.Weight.Host().Values, norm.Bias.Host().Values);

    // Layer normalisation, then ReLU.
    private static void NormalizeAndClip(Span<float> values, (float[] Scale, float[] Shift) norm)
    {
        var mean = TensorPrimitives.Sum<float>(values) / values.Length;
        TensorPrimitives.Subtract(values, mean, values);
        var variance = TensorPrimitives.SumOfSquares<float>(values) / values.Length;
        TensorPrimitives.Multiply(values, 1 / MathF.Sqrt(variance + Epsilon), values);
        TensorPrimitives.MultiplyAdd(values, norm.Scale, norm.Shift, values);
        TensorPrimitives.Max(values, 0f, values);
    }

    /// <summary>The memory that a block's layers work in.</summary>
    /// <param name="Label">The label's hidden layer.</param>
    /// <param name="Joined">The head's first layer.</param>
    /// <param name="Narrow">The head's second layer.</param>
    internal sealed record HiddenLayers(float[] Label, float[] Joined, float[] Narrow);
}
