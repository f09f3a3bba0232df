using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The head behind its first layer, for one image, in managed memory.</summary>
internal sealed class RowHead
{
    private const float Epsilon = 1e-5f; // torch's default for layer normalisation

    private readonly (float[] Scale, float[] Shift) _joinNorm;
    private readonly RowLinear _narrow;
    private readonly (float[] Scale, float[] Shift) _narrowNorm;
    private readonly RowLinear _output;

    /// <summary>Copies the weights of a head.</summary>
    /// <param name="head">The head.</param>
    public RowHead(FusionHead head)
    {
        _joinNorm = (RowMatrix.Vector(head.JoinNorm.Weight.Host().Values), RowMatrix.Vector(head.JoinNorm.Bias.Host().Values));
        _narrow = new RowLinear(head.Narrow);
        _narrowNorm = (RowMatrix.Vector(head.NarrowNorm.Weight.Host().Values), RowMatrix.Vector(head.NarrowNorm.Bias.Host().Values));
        _output = new RowLinear(head.Output);
    }

    /// <summary>Gets H, the width of the first layer without padding.</summary>
    public int Hidden => _narrow.Inputs;

    /// <summary>Gets the padded width of the second layer.</summary>
    public int NarrowWidth => _narrow.Width;

    /// <summary>Turns the first layer's values into logits.</summary>
    /// <param name="memory">Working memory: reads and overwrites the first layer, writes the prediction.</param>
    public void Logits(RowMemory memory)
    {
        var joined = memory.Joined.AsSpan(0, Hidden);
        NormalizeAndClip(joined, _joinNorm);
        var narrow = _narrow.Forward(joined, memory.Narrow);
        NormalizeAndClip(narrow, _narrowNorm);
        _output.Forward(narrow, memory.Prediction);
    }

    // Layer normalisation, then ReLU.
    private static void NormalizeAndClip(Span<float> values, (float[] Scale, float[] Shift) norm)
    {
        var mean = TensorPrimitives.Sum<float>(values) / values.Length;
        TensorPrimitives.Subtract(values, mean, values);
        var variance = TensorPrimitives.SumOfSquares<float>(values) / values.Length;
        TensorPrimitives.Multiply(values, 1 / MathF.Sqrt(variance + Epsilon), values);
        TensorPrimitives.MultiplyAdd(values, norm.Scale.AsSpan(0, values.Length), norm.Shift.AsSpan(0, values.Length), values);
        TensorPrimitives.Max(values, 0f, values);
    }
}
