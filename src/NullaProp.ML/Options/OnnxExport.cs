namespace NullaProp.ML;

/// <summary>How a model is written as an ONNX file.</summary>
public sealed record OnnxExport
{
    /// <summary>
    /// Gets the name of the input, the pixels or features as in training: no scaling is to be done outside.
    /// </summary>
    /// <value>
    /// Default <see langword="null"/>: <c>image</c>, or <c>features</c> where the model is one of a table. Not empty, and no slash first.
    /// </value>
    public string? InputName { get; init; }

    /// <summary>Gets the type of the input's elements.</summary>
    /// <value>Default <see cref="OnnxElement.FullPrecision"/>.</value>
    public OnnxElement InputElement { get; init; } = OnnxElement.FullPrecision;

    /// <summary>Gets the order of the input's values.</summary>
    /// <value>
    /// Default <see langword="null"/>: <see cref="OnnxLayout.ChannelsFirst"/>, or <see cref="OnnxLayout.Vector"/> where the model is one of
    /// a table.
    /// </value>
    public OnnxLayout? InputLayout { get; init; }

    /// <summary>Gets the name of the output with the class probabilities, (N, K) of single precision.</summary>
    /// <value>Default <c>scores</c>. As the other names not empty, no slash first, and another one than theirs.</value>
    public string ScoreName { get; init; } = "scores";

    /// <summary>
    /// Gets the name of an output with the number of the most probable class, from 0, (N) whole numbers of eight bytes.
    /// </summary>
    /// <value>Default <c>class</c>; <see langword="null"/> for none.</value>
    public string? ClassName { get; init; } = "class";

    /// <summary>Gets the name of an output with the entropy of the class probabilities in nats, (N) of single precision.</summary>
    /// <value>Default <see langword="null"/>: none.</value>
    public string? EntropyName { get; init; }

    /// <summary>
    /// Gets the name of an output with the way to the scores, (N, n, K) of single precision: what the scores would be if scoring
    /// ended after the first, second, … of the n evaluations that count in them.
    /// </summary>
    /// <value>Default <see langword="null"/>: none.</value>
    public string? PathName { get; init; }

    /// <summary>Gets the numbers in which matrices and kernels are stored; the graph computes in single precision.</summary>
    /// <value>Default <see cref="OnnxPrecision.Full"/>.</value>
    public OnnxPrecision Weights { get; init; } = OnnxPrecision.Full;

    /// <summary>Returns the export of a model with all names and forms given.</summary>
    /// <param name="shape">The size of the model's images.</param>
    /// <exception cref="ArgumentException">
    /// Two names are the same, one is empty, starts with a slash or is no text, or a choice is none of those there are.
    /// </exception>
    internal OnnxExport Of(ImageShape shape)
    {
        var whole = this with
        {
            InputName = InputName ?? (shape.IsTable ? "features" : "image"),
            InputLayout = InputLayout ?? (shape.IsTable ? OnnxLayout.Vector : OnnxLayout.ChannelsFirst),
        };
        OptionProperty.RequireKnownValues(this, "export");
        whole.CheckNames();
        return whole;
    }

    private void CheckNames()
    {
        (string Property, string? Name)[] names =
        [
            (nameof(InputName), InputName),
            (nameof(ScoreName), ScoreName),
            (nameof(ClassName), ClassName),
            (nameof(EntropyName), EntropyName),
            (nameof(PathName), PathName),
        ];
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (property, name) in names.Where(
            entry => entry is not (nameof(ClassName) or nameof(EntropyName) or nameof(PathName), null)))
        {
            if (string.IsNullOrWhiteSpace(name) || name.StartsWith('/'))
            {
                throw new ArgumentException($"{property} is '{name}', but must not be empty nor start with a slash. Choose another name.");
            }

            if (name.Contains('\0', StringComparison.Ordinal) || !OptionsValidator.IsText(name))
            {
                throw new ArgumentException(
                    $"{property} holds a character of value 0, or a surrogate without its other half, which no file keeps. Choose another "
                        + "name.");
            }

            if (!properties.TryAdd(name, property))
            {
                throw new ArgumentException($"{properties[name]} and {property} are both '{name}', but must differ. Rename one of them.");
            }
        }
    }
}

/// <summary>The type of an image's values.</summary>
public enum OnnxElement
{
    /// <summary>Numbers of single precision.</summary>
    FullPrecision,

    /// <summary>Bytes, 0 to 255: for models that were trained on pixels of that scale.</summary>
    Byte,
}

/// <summary>The order of an image's values.</summary>
public enum OnnxLayout
{
    /// <summary>(N, C, H, W): channel by channel, as <c>ExtractPixels</c> gives them.</summary>
    ChannelsFirst,

    /// <summary>(N, H, W, C): pixel by pixel, as <c>ExtractPixels</c> gives them with <c>interleavePixelColors</c>.</summary>
    ChannelsLast,

    /// <summary>
    /// (N, C·H·W): a vector, as the feature column has it where <c>SaveNoPropAsOnnx</c> writes the file; by
    /// <see cref="NoPropTransformer.SaveAsOnnx(string, OnnxExport?)"/> channel by channel.
    /// </summary>
    Vector,
}

/// <summary>The numbers in which an ONNX file stores matrices and kernels.</summary>
public enum OnnxPrecision
{
    /// <summary>Single precision: scores differ from the model's own by rounding alone.</summary>
    Full,

    /// <summary>Half precision: half the size. Probabilities differed by 0.0004 at most (docs/results/onnx.json).</summary>
    Half,
}
