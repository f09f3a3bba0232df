namespace NullaProp.ML.Samples.Serving;

/// <summary>What a request may cost.</summary>
internal sealed record ServingLimits
{
    /// <summary>Gets the most bytes of an upload.</summary>
    public long MostBytes { get; init; } = 10_000_000;

    /// <summary>Gets the most pixels of a picture: what a phone takes has 12 to 24 million; decoded, each takes four bytes.</summary>
    public long MostPixels { get; init; } = 25_000_000;

    /// <summary>Gets the longest time until an upload is read and decoding begins; that is bounded by the pixels.</summary>
    public TimeSpan MostTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the most browsers at once; an upload waits in memory for its turn.</summary>
    public int MostConnections { get; init; } = 32;
}
