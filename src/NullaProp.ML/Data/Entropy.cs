namespace NullaProp.ML.Data;

/// <summary>The Shannon entropy H = −Σ p·ln p of class probabilities: how undecided a score is.</summary>
internal static class Entropy
{
    /// <summary>Returns the entropy of a distribution.</summary>
    /// <param name="probabilities">K probabilities, which sum to 1 up to rounding.</param>
    /// <returns>Nats, from 0 where one class is certain to ln K where all are alike.</returns>
    public static float Of(ReadOnlySpan<float> probabilities)
    {
        var sum = 0.0;
        foreach (var probability in probabilities)
        {
            sum -= probability > 0 ? probability * Math.Log(probability) : 0; // p·ln p → 0 for p → 0
        }

        return (float)Math.Clamp(sum, 0, Math.Log(probabilities.Length)); // a sum of probabilities a rounding off 1 would leave the range
    }
}
