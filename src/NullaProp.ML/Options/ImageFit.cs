namespace NullaProp.ML;

/// <summary>How an image of any shape is brought into a frame.</summary>
public enum ImageFit
{
    /// <summary>Its shape is kept and the frame is full: what sticks out is cut off, the same on both sides.</summary>
    Crop,

    /// <summary>Its shape is kept and all of it is seen: what it leaves of the frame is white, the same on both sides.</summary>
    Pad,

    /// <summary>The frame is full and all of the image is seen: its shape changes.</summary>
    Stretch,
}

/// <summary>What each <see cref="ImageFit"/> does to sides.</summary>
internal static class ImageFitScales
{
    /// <summary>Returns by what the width and the height of an image are multiplied.</summary>
    /// <param name="fit">How it is fitted.</param>
    /// <param name="image">The width and height of the image.</param>
    /// <param name="frame">The width and height of the frame.</param>
    public static (double Across, double Down) Scales(this ImageFit fit, (int Width, int Height) image, (int Width, int Height) frame)
    {
        var (across, down) = ((double)frame.Width / image.Width, (double)frame.Height / image.Height);
        return fit switch
        {
            ImageFit.Crop => (Math.Max(across, down), Math.Max(across, down)),
            ImageFit.Pad => (Math.Min(across, down), Math.Min(across, down)),
            _ => (across, down),
        };
    }
}
