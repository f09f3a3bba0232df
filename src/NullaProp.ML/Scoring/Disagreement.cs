using System.Numerics.Tensors;

namespace NullaProp.ML.Scoring;

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
