using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Reading;

/// <summary>Reads the image of a row as floats, channel by channel, whatever the column's type.</summary>
internal abstract class PixelReader
{
    /// <summary>Reads the row's image.</summary>
    /// <param name="pixels">Where to write C·H·W values.</param>
    public abstract void Read(Span<float> pixels);

    /// <summary>Returns a reader for a row; it follows the row as that moves.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The feature column, active in the row.</param>
    /// <param name="format">What the column holds.</param>
    public static PixelReader Of(DataViewRow row, DataViewSchema.Column column, FeatureFormat format) => column.Type switch
    {
        ImageDataViewType => new ImagePixelReader(row.GetGetter<MLImage>(column), format.Shape),
        VectorDataViewType { ItemType.RawType: var item } when item == typeof(byte) =>
            new VectorPixelReader<byte>(row.GetGetter<VBuffer<byte>>(column), format),
        _ => new VectorPixelReader<float>(row.GetGetter<VBuffer<float>>(column), format),
    };
}

/// <summary>Reads images from vectors, dense or sparse, planar or interleaved.</summary>
/// <param name="getter">Reads the vector of the current row.</param>
/// <param name="format">What the vector holds.</param>
internal sealed class VectorPixelReader<T>(ValueGetter<VBuffer<T>> getter, FeatureFormat format) : PixelReader
    where T : struct, INumberBase<T>
{
    private VBuffer<T> _vector;

    /// <inheritdoc/>
    public override void Read(Span<float> pixels)
    {
        getter(ref _vector);
        if (_vector.Length != pixels.Length)
        {
            throw new InvalidOperationException(
                $"the vector has {_vector.Length} values, but its column's type promises {pixels.Length}"
                + (format.Shape.IsTable ? string.Empty : $" ({format.Shape})"));
        }

        if (_vector.IsDense && format.Layout != PixelLayout.Interleaved)
        {
            PixelLoops.ToFloats(_vector.GetValues(), pixels);
        }
        else
        {
            Scatter(pixels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // as PixelLoops
    private void Scatter(Span<float> pixels)
    {
        if (!_vector.IsDense)
        {
            pixels.Clear();
        }

        var values = _vector.GetValues();
        var places = _vector.IsDense ? default : _vector.GetIndices();
        for (var i = 0; i < values.Length; i++)
        {
            var place = _vector.IsDense ? i : places[i];
            pixels[format.Layout == PixelLayout.Interleaved ? Planar(place) : place] = float.CreateTruncating(values[i]);
        }
    }

    private int Planar(int interleaved)
    {
        var (pixel, channel) = Math.DivRem(interleaved, format.Shape.Channels);
        return (channel * format.Shape.Height * format.Shape.Width) + pixel;
    }
}

/// <summary>
/// The loops over the pixels of every row that is read. They are compiled optimised from the first call on: in the runtime's first tier,
/// reading some thousand rows takes ten times as long, and many a data set is read before the second tier is ready.
/// </summary>
internal static class PixelLoops
{
    /// <summary>Returns the place of the first value that is NaN or infinite, −1 where there is none.</summary>
    /// <param name="pixels">The values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int IndexOfNonFinite(ReadOnlySpan<float> pixels)
    {
        for (var i = 0; i < pixels.Length; i++)
        {
            if (!float.IsFinite(pixels[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>
    /// Writes values as bytes; returns whether all of them are whole numbers from 0 to 255, and stops at the first that is not.
    /// </summary>
    /// <param name="pixels">The values.</param>
    /// <param name="bytes">Where to write, as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryToBytes(ReadOnlySpan<float> pixels, Span<byte> bytes)
    {
        bytes = bytes[..pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            var whole = (byte)(int)pixels[i];
            if (whole != pixels[i])
            {
                return false;
            }

            bytes[i] = whole;
        }

        return true;
    }

    /// <summary>Writes numbers as floats.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="pixels">Where to write, as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFloats<T>(ReadOnlySpan<T> values, Span<float> pixels)
        where T : struct, INumberBase<T>
    {
        pixels = pixels[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            pixels[i] = float.CreateTruncating(values[i]);
        }
    }

    /// <summary>
    /// Returns the sum of values, less a number that lies among them, and that of their squares: without it, values far from 0 would
    /// cancel.
    /// </summary>
    /// <param name="pixels">The values.</param>
    /// <param name="shift">The number.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Sum, double Squares) Moments(ReadOnlySpan<float> pixels, double shift)
    {
        var (sums, squares, shifts) = (Vector<double>.Zero, Vector<double>.Zero, new Vector<double>(shift));
        var i = 0;
        for (; i <= pixels.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(pixels[i..]), out var low, out var high);
            (low, high) = (low - shifts, high - shifts);
            sums += low + high;
            squares += (low * low) + (high * high);
        }

        var (sum, square) = (Vector.Sum(sums), Vector.Sum(squares));
        for (; i < pixels.Length; i++)
        {
            var value = pixels[i] - shift;
            sum += value;
            square += value * value;
        }

        return (sum, square);
    }
}
