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
/// Reads image files, whose paths are in a column, into images of one size: the first frame, upright, in sRGB, on white. See
/// <see cref="NoPropCatalog.LoadImageFiles"/>.
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
    /// <exception cref="ArgumentOutOfRangeException">The column of paths is missing or is no text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetRowToRowMapper(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The column of paths is missing or is no text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AddedColumn.To(_host, inputSchema, Bind);
    }

    /// <inheritdoc/>
    /// <remarks>A file that cannot be read throws where its row is read, with a sentence that names it.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The column of paths is missing or is no text.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return AddedColumn.To(_host, input, Bind);
    }

    /// <summary>Gets what happens to images of another shape.</summary>
    internal ImageFit Fit => _frame.Fit;

    /// <summary>Reads an image that is no file, such as one that was sent to a server, as files are read.</summary>
    /// <param name="image">What a file of it would hold.</param>
    /// <returns>The image, of the size of the output column; the caller disposes of it.</returns>
    /// <exception cref="InvalidOperationException">It cannot be read; the message says why.</exception>
    public MLImage Load(Stream image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var file = new MemoryStream();
        image.CopyTo(file);
        return _frame.Load(scale => ImageDecoder.Decode(file.ToArray(), "The data", scale));
    }

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
        return new AddedColumn(this, source, new DataViewSchema.DetachedColumn(_output, _frame.Type), row => Getter(row, source));
    }

    private (Delegate Getter, Action Free) Getter(DataViewRow row, DataViewSchema.Column source)
    {
        var readPath = row.GetGetter<ReadOnlyMemory<char>>(source);
        ReadOnlyMemory<char> path = default;
        MLImage? last = null;
        ValueGetter<MLImage> getter = (ref MLImage image) =>
        {
            image?.Dispose(); // as ML.NET's own: who is given an image gives it back for the next
            (image, last) = (null!, null);
            readPath(ref path);
            image = last = _frame.Load(scale => ImageDecoder.Read(path.ToString(), scale));
        };
        return (getter, () => last?.Dispose());
    }
}

/// <summary>Adds a column of images, read from the files whose paths are in another column.</summary>
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
    /// <exception cref="ArgumentOutOfRangeException">The column of paths is missing or is no text.</exception>
    public ImageFileLoadingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        CheckInput(SchemaShapes.Of(input.Schema), _input);
        return new ImageFileLoadingTransformer(_environment, _output, _input, _frame);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The column of paths is missing or is no text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CheckInput(inputSchema, _input);
        return new SchemaShape(inputSchema.Where(column => column.Name != _output).Append(SchemaShapes.Plain(_output, _frame.Type)));
    }

    internal static void CheckInput(SchemaShape schema, string name)
    {
        var column = SchemaShapes.Find(schema, name) ?? throw Marked.MissingColumn("path", name, schema.Select(known => known.Name));
        if (column is not { Kind: SchemaShape.Column.VectorKind.Scalar, ItemType: TextDataViewType })
        {
            throw Marked.WrongType("path", name, "Text", SchemaShapes.TypeName(column));
        }
    }
}

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
    public MLImage Load(Func<Func<int, int, double>, Bitmap> read)
    {
        try
        {
            var bitmap = read(Scale).In(Width, Height, Fit);
            return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Bgra32, bitmap.Bgra);
        }
        catch (InvalidDataException fault)
        {
            throw Marked.Exception(new InvalidOperationException(fault.Message, fault));
        }

        double Scale(int width, int height)
        {
            var (across, down) = Fit.Scales((width, height), (Width, Height));
            return Math.Max(across, down);
        }
    }
}
