using System.Globalization;

namespace NullaProp.ML;

/// <summary>The size of the images a model sees: channels, height and width, in this order (C×H×W).</summary>
/// <param name="Channels">Colour planes, 1 or more: 1 for grey, 3 for red-green-blue.</param>
/// <param name="Height">
/// Rows of pixels, 8 or more: two poolings by 2 must leave something to look at. 1 will do for <see cref="NoPropBackbone.Mlp"/> and
/// <see cref="NoPropBackbone.Custom"/>, which need not have any.</param>
/// <param name="Width">Columns of pixels, as <paramref name="Height"/>.</param>
public sealed record ImageShape(int Channels, int Height, int Width)
{
    /// <summary>The smallest height and width, in pixels, that the convolutional networks accept.</summary>
    public const int SmallestSide = 8;

    /// <summary>Gets the number of pixel values in one image: channels × height × width.</summary>
    public int Size => checked(Channels * Height * Width);

    /// <summary>Gets a value indicating whether <see cref="Size"/> does not overflow.</summary>
    internal bool IsAddressable => (Int128)Channels * Height * Width <= int.MaxValue;

    /// <summary>Gets a value indicating whether these are no images but rows of values, each by itself: a table.</summary>
    internal bool IsTable => Height == 1 && Width == 1;

    /// <summary>Returns the shape as it is written in messages, for instance <c>1×28×28</c>.</summary>
    /// <returns>Channels, height and width joined by ×.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Channels}×{Height}×{Width}");
}
