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
                $"the vector has {_vector.Length} values, but its column's type promises {pixels.Length} ({format.Shape})");
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
