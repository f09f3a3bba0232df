using System.Numerics.Tensors;

namespace NullaProp.ML.Scoring;

/// <summary>What scoring gives for one row.</summary>
/// <param name="Probabilities">The class probabilities, K of them, which sum to 1 up to rounding.</param>
/// <param name="Disagreement">
/// The share of draws that give another class than the predicted one, 0 to 1; 0 where nobody asks for it.
/// </param>
internal readonly record struct RowScores(ReadOnlyMemory<float> Probabilities, float Disagreement)
{
    /// <summary>Gets the predicted class as a key, which counts from 1; the first of equal scores wins.</summary>
    public uint Predicted => 1 + (uint)TensorPrimitives.IndexOfMax(Probabilities.Span);

    /// <summary>Gets the Shannon entropy H = −Σ p·ln p in nats: 0 where one class is certain, ln K where all are alike.</summary>
    public float Entropy
    {
        get
        {
            var sum = 0.0;
            foreach (var probability in Probabilities.Span)
            {
                sum -= probability > 0 ? probability * Math.Log(probability) : 0; // p·ln p → 0 for p → 0
            }

            return (float)Math.Clamp(sum, 0, Math.Log(Probabilities.Length)); // a sum a rounding off 1 would leave the range
        }
    }
}

/// <summary>
/// How far the draws of one image are from giving one class: 0 where all give the predicted one. A sign of images to reject.
/// </summary>
internal static class Disagreement
{
    /// <summary>Returns the share of draws that give another class than their mean does.</summary>
    /// <param name="probabilities">
    /// The mean of the draws' class probabilities, K of them; its largest, the first of equal ones, is the predicted class.
    /// </param>
    /// <param name="votes">The class of each draw, from 0, at least one.</param>
    /// <returns>From 0 to 1.</returns>
    public static float Of(ReadOnlySpan<float> probabilities, ReadOnlySpan<long> votes)
    {
        var agreeing = votes.Count((long)TensorPrimitives.IndexOfMax(probabilities));
        return (float)(votes.Length - agreeing) / votes.Length;
    }
}
