using System.Runtime.InteropServices;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// Rows of pixels in chunks, so that a store grows without copying and without one huge array: one byte a pixel as long as that is exact,
/// else a float.
/// </summary>
/// <param name="rowSize">Pixels in a row.</param>
internal sealed class PixelChunks(int rowSize)
{
    private const int ChunkValues = 1 << 20;

    private readonly int _chunkRows = Math.Max(1, ChunkValues / rowSize);
    private readonly List<byte[]> _bytes = [];
    private readonly List<float[]> _floats = [];

    /// <summary>Gets a value indicating whether every pixel so far was a whole number from 0 to 255.</summary>
    public bool HoldsBytes { get; private set; } = true;

    /// <summary>Gets the memory of one row, in bytes.</summary>
    public int RowBytes => HoldsBytes ? rowSize : rowSize * sizeof(float);

    /// <summary>Writes a row, growing where it is the next one.</summary>
    /// <param name="row">Its number, from 0.</param>
    /// <param name="pixels">Its pixels.</param>
    public void Write(int row, ReadOnlySpan<float> pixels)
    {
        if (HoldsBytes && PixelLoops.TryToBytes(pixels, RowOf(_bytes, row)))
        {
            return;
        }

        if (HoldsBytes)
        {
            TurnToFloats();
        }

        pixels.CopyTo(RowOf(_floats, row));
    }

    /// <summary>Returns the memory of a row, <see cref="RowBytes"/> long.</summary>
    /// <param name="row">Its number.</param>
    public Span<byte> Row(int row) => HoldsBytes ? RowOf(_bytes, row) : MemoryMarshal.AsBytes(RowOf(_floats, row));

    private Span<T> RowOf<T>(List<T[]> chunks, int row)
    {
        var (chunk, within) = Math.DivRem(row, _chunkRows);
        if (chunk == chunks.Count)
        {
            chunks.Add(new T[checked(_chunkRows * rowSize)]);
        }

        return chunks[chunk].AsSpan(within * rowSize, rowSize);
    }

    private void TurnToFloats()
    {
        HoldsBytes = false;
        for (var i = 0; i < _bytes.Count; i++)
        {
            _floats.Add(Array.ConvertAll(_bytes[i], value => (float)value));
            _bytes[i] = []; // let go of one chunk after the other
        }

        _bytes.Clear();
    }
}
