namespace NullaProp.ML.Data;

/// <summary>How many images are scored at once.</summary>
internal static class ScoringBatch
{
    private const int MostRows = 256; // enough to keep all cores busy
    private const int MostValues = 4 * 1024 * 1024; // 16 MB of pixels; what the network makes of them is some twenty times as much

    /// <summary>Returns the number of images in a batch: fewer where they are large, so that memory stays bounded.</summary>
    /// <param name="shape">The size of the images.</param>
    public static int Rows(ImageShape shape) => Math.Clamp(MostValues / shape.Size, 1, MostRows);
}
