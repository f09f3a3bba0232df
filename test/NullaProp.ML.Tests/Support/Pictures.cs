using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>The same red-green-blue 8×8 pictures in every form that a feature column may have.</summary>
internal static class Pictures
{
    private const int Rows = 48;
    private const int Channels = 3;

    private static readonly List<(float[] Pixels, int Class)> Images = [.. TinyImages.Pixels(Rows, 3, Channels)];

    /// <summary>Gets the size of the pictures.</summary>
    public static ImageShape Shape { get; } = new(Channels, TinyImages.Side, TinyImages.Side);

    /// <summary>Gets the pixels of all pictures: red, green and blue planes, 0 to 255.</summary>
    public static IReadOnlyList<float[]> Pixels { get; } = [.. Images.Select(image => image.Pixels)];

    /// <summary>Gets the forms by name.</summary>
    public static IReadOnlyDictionary<string, Func<MLContext, IDataView>> Forms { get; } =
        new Dictionary<string, Func<MLContext, IDataView>>
        {
            ["float CHW"] = context => Load(context, image => new PlanarFloats { Features = image }),
            ["float HWC"] = context => Load(context, image => new InterleavedFloats { Features = Interleaved(image) }),
            ["byte CHW"] = context => Load(context, image => new PlanarBytes { Features = Bytes(image) }),
            ["byte HWC"] = context => Load(context, image => new InterleavedBytes { Features = Bytes(Interleaved(image)) }),
            ["float flat"] = context => Load(context, image => new FlatFloats { Features = image }),
            ["byte flat"] = context => Load(context, image => new FlatBytes { Features = Bytes(image) }),
            ["float CHW sparse"] = context => Load(context, image => new SparseFloats { Features = Sparse(image) }),
            ["byte HWC sparse"] = context => Load(context, image => new SparseBytes { Features = Sparse(Bytes(Interleaved(image))) }),
            ["MLImage BGRA"] = context => Load(context, image => new SizedImage { Features = ToImage(image, MLPixelFormat.Bgra32) }),
            ["MLImage RGBA"] = context => Load(context, image => new SizedImage { Features = ToImage(image, MLPixelFormat.Rgba32) }),
        };

    /// <summary>Writes the pictures as PNG files and returns paths and labels.</summary>
    public static IDataView Files(MLContext context, TempFolder folder)
    {
        var rows = Images.Select((image, index) =>
        {
            var name = $"{index}.png";
            using var picture = ToImage(image.Pixels, MLPixelFormat.Bgra32);
            picture.Save(folder.File(name));
            return new PictureFile { ImagePath = name, Label = TinyImages.Names[image.Class] };
        });
        return context.Data.LoadFromEnumerable(rows.ToList());
    }

    private static IDataView Load<TRow>(MLContext context, Func<float[], TRow> row)
        where TRow : PictureRow
    {
        var rows = Images.Select(image =>
        {
            var made = row(image.Pixels);
            made.Label = TinyImages.Names[image.Class];
            return made;
        });
        return TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows.ToList()));
    }

    private static float[] Interleaved(float[] planar) =>
        [.. Enumerable.Range(0, planar.Length).Select(i => planar[(i % Channels * TinyImages.Size) + (i / Channels)])];

    private static byte[] Bytes(float[] pixels) => [.. pixels.Select(pixel => (byte)pixel)];

    private static VBuffer<T> Sparse<T>(T[] values)
    {
        var places = Enumerable.Range(0, values.Length).Where(i => !Equals(values[i], default(T))).ToArray();
        return new VBuffer<T>(values.Length, places.Length, [.. places.Select(i => values[i])], places);
    }

    private static MLImage ToImage(float[] planar, MLPixelFormat format)
    {
        var order = format == MLPixelFormat.Rgba32 ? new[] { 0, 1, 2 } : [2, 1, 0];
        var pixels = Enumerable.Range(0, TinyImages.Size)
            .SelectMany(i => order.Select(channel => (byte)planar[(channel * TinyImages.Size) + i]).Append(byte.MaxValue));
        return MLImage.CreateFromPixels(TinyImages.Side, TinyImages.Side, format, pixels.ToArray());
    }
}
