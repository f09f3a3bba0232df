namespace NullaProp.ML.Samples.Images;

/// <summary>What is made of an image's colours.</summary>
internal enum PixelColors
{
    /// <summary>The files are grey already: one value a pixel.</summary>
    AlreadyGrey,

    /// <summary>Colours are turned into grey: one value a pixel.</summary>
    MadeGrey,

    /// <summary>Red, green and blue: three values a pixel.</summary>
    Rgb,
}
