using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The head behind its first layer, for one image, in managed memory.</summary>
internal sealed class RowHead
{
    private const float Epsilon = 1e-5f; // torch's default for layer normalisation

    private readonly (float[] Scale, float[] Shift) _joinNorm;
    private readonly RowMatrix _narrow;
    private readonly float[] _narrowBias;
    private readonly (float[] Scale, float[] Shift) _narrowNorm;
    private readonly RowMatrix _output;
    private readonly float[] _outputBias;
    private readonly int _narrowCount;

    /// <summary>Copies the weights of a head.</summary>
    /// <param name="head">The head.</param>
    public RowHead(FusionHead head)
    {
        Hidden = (int)head.Narrow.Weight.Shape[1];
        _narrowCount = (int)head.Narrow.Weight.Shape[0];
        _joinNorm = (RowMatrix.Vector(head.JoinNorm.Weight.Host().Values), RowMatrix.Vector(head.JoinNorm.Bias.Host().Values));
        _narrow = RowMatrix.Transposed(head.Narrow.Weight.Host());
        _narrowBias = RowMatrix.Vector(head.Narrow.Bias.Host().Values);
        _narrowNorm = (RowMatrix.Vector(head.NarrowNorm.Weight.Host().Values), RowMatrix.Vector(head.NarrowNorm.Bias.Host().Values));
        _output = RowMatrix.Transposed(head.Output.Weight.Host());
        _outputBias = RowMatrix.Vector(head.Output.Bias.Host().Values);
    }

    /// <summary>Gets H, the width of the first layer without padding.</summary>
    public int Hidden { get; }

    /// <summary>Gets the padded width of the second layer.</summary>
    public int NarrowWidth => _narrow.Width;

    /// <summary>Turns the first layer's values into logits.</summary>
    /// <param name="memory">Working memory: reads and overwrites the first layer, writes the prediction.</param>
    public void Logits(RowMemory memory)
    {
        var joined = memory.Joined.AsSpan(0, Hidden);
        NormalizeAndClip(joined, _joinNorm);
        _narrowBias.CopyTo(memory.Narrow, 0);
        _narrow.MultiplyAdd(joined, memory.Narrow);
        var narrow = memory.Narrow.AsSpan(0, _narrowCount);
        NormalizeAndClip(narrow, _narrowNorm);
        _outputBias.CopyTo(memory.Prediction, 0);
        _output.MultiplyAdd(narrow, memory.Prediction);
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
