using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML;
using NullaProp.ML.ImageFiles;
using NullaProp.ML.Interop;

[assembly: LoadableClass(
    typeof(ImageFileLoadingTransformer),
    null,
    typeof(SignatureLoadModel),
    "Loading of image files",
    ImageFileLoadingTransformer.LoaderSignature)]

namespace NullaProp.ML;

/// <summary>
/// Reads image files, whose paths or contents are in a column, into images of one size: the first frame, upright, in sRGB, on white. See
/// <see cref="NoPropCatalog.LoadImageFiles"/>. Rows may have the one where those of the training had the other.
/// </summary>
/// <threadsafety>All members may be used from several threads at once.</threadsafety>
public sealed class ImageFileLoadingTransformer : ITransformer
{
    internal const string LoaderSignature = "ImageFileLoading"; // at most 24 characters

    private static readonly SavedSettings Saved = new("IMGFILES", LoaderSignature, 0x00010000);

    private readonly IHost _host;
    private readonly ImageFrame _frame;
    private readonly string _output;
    private readonly string _input;

    internal ImageFileLoadingTransformer(IHostEnvironment environment, string output, string input, ImageFrame frame)
    {
        _host = environment.Register(nameof(ImageFileLoadingTransformer));
        (_output, _input, _frame) = (output, input, frame);

        // ML.NET knows image types of the sizes alone that an attribute has named; so rows can be fed that have such an image, not a file.
        new ImageTypeAttribute(frame.Height, frame.Width).Register();
    }

    /// <summary>Gets <see langword="true"/>: every file is read by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or holds neither texts nor vectors of bytes.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetRowToRowMapper(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or holds neither texts nor vectors of bytes.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AddedColumn.To(_host, inputSchema, Bind);
    }

    /// <inheritdoc/>
    /// <remarks>A file that cannot be read throws where its row is read, with a sentence that names it.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or holds neither texts nor vectors of bytes.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return AddedColumn.To(_host, input, Bind);
    }

    /// <summary>Gets what happens to images of another shape.</summary>
    internal ImageFit Fit => _frame.Fit;

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) => Saved.Write(ctx, writer =>
    {
        writer.Write(_output);
        writer.Write(_input);
        writer.Write(_frame.Width);
        writer.Write(_frame.Height);
        writer.Write(_frame.Fit.ToString());
    });

    // Called by ML.NET, which finds it by its name and parameters.
    internal static ImageFileLoadingTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => Saved.Read(ctx, reader =>
        new ImageFileLoadingTransformer(
            env,
            reader.ReadString(),
            reader.ReadString(),
            new ImageFrame(reader.ReadInt32(), reader.ReadInt32(), Enum.Parse<ImageFit>(reader.ReadString()))));

    private AddedColumn Bind(DataViewSchema schema)
    {
        ImageFileLoadingEstimator.CheckInput(SchemaShapes.Of(schema), _input);
        var source = schema[_input];
        return new AddedColumn(this, source, new DataViewSchema.DetachedColumn(_output, _frame.Type), row => Getter(row, source))
        {
            Images = row =>
            {
                var next = Reader(row, source);
                return () =>
                {
                    var read = next();
                    return () => _frame.Load(read);
                };
            },
        };
    }

    // Whoever keeps an image, such as the last one, has it after the cursor's end, too: as with ML.NET's own.
    private ValueGetter<MLImage> Getter(DataViewRow row, DataViewSchema.Column source)
    {
        var read = Reader(row, source);
        return (ref MLImage image) =>
        {
            image?.Dispose(); // who is given an image gives it back for the next
            image = null!;
            image = _frame.Load(read());
        };
    }

    // Each row's value is read before its image: a fault of the source is none of the image's, and it may have the next row's by then.
    private static Func<ImageReader> Reader(DataViewRow row, DataViewSchema.Column source) =>
        source.Type is TextDataViewType ? OfPath(row, source) : OfContents(row, source);

    private static Func<ImageReader> OfPath(DataViewRow row, DataViewSchema.Column source)
    {
        var getter = row.GetGetter<ReadOnlyMemory<char>>(source);
        ReadOnlyMemory<char> path = default;
        return () =>
        {
            getter(ref path);
            var file = path.ToString();
            return scale => ImageDecoder.Read(file, scale);
        };
    }

    private static Func<ImageReader> OfContents(DataViewRow row, DataViewSchema.Column source)
    {
        var getter = row.GetGetter<VBuffer<byte>>(source);
        VBuffer<byte> contents = default;
        return () =>
        {
            getter(ref contents);
            byte[] file = [.. contents.DenseValues()];
            return scale => ImageDecoder.Decode(file, "The data", scale);
        };
    }
}

/// <summary>Adds a column of images, read from the files whose paths or contents are in another column.</summary>
public sealed class ImageFileLoadingEstimator : IEstimator<ImageFileLoadingTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly string _output;
    private readonly string _input;
    private readonly ImageFrame _frame;

    internal ImageFileLoadingEstimator(IHostEnvironment environment, string output, string input, ImageFrame frame)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(output);
        ArgumentException.ThrowIfNullOrWhiteSpace(input);
        (_environment, _output, _input, _frame) = (environment, output, input, frame);
    }

    /// <inheritdoc/>
    /// <remarks>Learns nothing and reads no file.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or holds neither texts nor vectors of bytes.</exception>
    public ImageFileLoadingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        CheckInput(SchemaShapes.Of(input.Schema), _input);
        return new ImageFileLoadingTransformer(_environment, _output, _input, _frame);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or holds neither texts nor vectors of bytes.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CheckInput(inputSchema, _input);
        return new SchemaShape(inputSchema.Where(column => column.Name != _output).Append(SchemaShapes.Plain(_output, _frame.Type)));
    }

    internal static void CheckInput(SchemaShape schema, string name)
    {
        var column = SchemaShapes.Find(schema, name)
            ?? throw UserFault.MissingColumn("image file", name, schema.Select(known => known.Name));
        var isScalar = column.Kind == SchemaShape.Column.VectorKind.Scalar;
        if (!(isScalar ? column.ItemType is TextDataViewType : column.ItemType.RawType == typeof(byte)))
        {
            throw UserFault.WrongType(
                "image file", name, "Text, a path, or Vector<Byte>, what the file holds", SchemaShapes.TypeName(column));
        }
    }
}

/// <summary>Reads an image at its own size, or smaller where that is faster and large enough.</summary>
/// <param name="scale">Returns by what its width and height will be multiplied.</param>
internal delegate Bitmap ImageReader(Func<int, int, double> scale);

/// <summary>The size that images are brought to, and how.</summary>
/// <param name="Width">Columns of pixels, 1 or more.</param>
/// <param name="Height">Rows of pixels, 1 or more.</param>
/// <param name="Fit">What happens to images of another shape.</param>
internal sealed record ImageFrame(int Width, int Height, ImageFit Fit)
{
    /// <summary>Gets the type of a column of such images.</summary>
    public ImageDataViewType Type => new(Height, Width);

    /// <summary>Brings an image to this size.</summary>
    /// <param name="read">Reads it, and is told by what its sides will be multiplied.</param>
    /// <exception cref="InvalidOperationException">It cannot be read; the message says why.</exception>
    public MLImage Load(ImageReader read)
    {
        try
        {
            var bitmap = read(Scale).In(Width, Height, Fit);
            return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Bgra32, bitmap.Bgra);
        }
        catch (InvalidDataException fault)
        {
            throw UserFault.Of(new InvalidOperationException(fault.Message, fault));
        }

        double Scale(int width, int height)
        {
            var (across, down) = Fit.Scales((width, height), (Width, Height));
            return Math.Max(across, down);
        }
    }
}
