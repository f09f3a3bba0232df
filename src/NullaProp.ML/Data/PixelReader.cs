using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Data;

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
        VectorDataViewType { ItemType.RawType: var item } when item == typeof(byte) => new VectorPixelReader<byte>(row.GetGetter<VBuffer<byte>>(column), format),
        _ => new VectorPixelReader<float>(row.GetGetter<VBuffer<float>>(column), format),
    };
}
