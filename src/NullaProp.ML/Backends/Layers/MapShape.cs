namespace NullaProp.ML.Backends.Layers;

/// <summary>Maps in managed memory: pixel by pixel, inside a border of zeros that convolutions read.</summary>
/// <param name="Height">Their height without the border.</param>
/// <param name="Width">Their width without it.</param>
/// <param name="Channels">The number of values of a pixel.</param>
/// <param name="Border">The width of the border.</param>
internal readonly record struct MapShape(int Height, int Width, int Channels, int Border)
{
    /// <summary>Gets the number of values of a row, border included.</summary>
    public int Stride => (Width + (2 * Border)) * Channels;

    /// <summary>Gets the number of values, border included.</summary>
    public int Length => (Height + (2 * Border)) * Stride;

    /// <summary>Returns where a pixel lies; pixels of the border have negative numbers or such beyond the last.</summary>
    /// <param name="y">Its row.</param>
    /// <param name="x">Its place in the row.</param>
    public int Place(int y, int x) => ((y + Border) * Stride) + ((x + Border) * Channels);

    /// <summary>Returns a row without its border.</summary>
    /// <param name="maps">The memory.</param>
    /// <param name="y">The row.</param>
    public Span<float> Row(Span<float> maps, int y) => maps.Slice(Place(y, 0), Width * Channels);

    /// <summary>Returns a row without its border, to read.</summary>
    /// <param name="maps">The memory.</param>
    /// <param name="y">The row.</param>
    public ReadOnlySpan<float> Row(ReadOnlySpan<float> maps, int y) => maps.Slice(Place(y, 0), Width * Channels);

    /// <summary>Sets the border to 0: the memory held something else before.</summary>
    /// <param name="maps">The memory.</param>
    public void ClearBorder(Span<float> maps)
    {
        if (Border == 0)
        {
            return;
        }

        var side = Border * Channels;
        maps[..(Place(0, 0))].Clear(); // the rows above and the left of the first
        for (var y = 1; y < Height; y++)
        {
            maps.Slice(Place(y, 0) - (2 * side), 2 * side).Clear(); // the right of the row before and the left of this one
        }

        maps[(Place(Height - 1, Width))..Length].Clear();
    }
}
