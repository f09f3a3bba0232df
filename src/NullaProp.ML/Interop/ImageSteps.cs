using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Interop;

/// <summary>
/// What the transforms of a chain do to the values of an image, 0 to 255, before NoProp reads them: channel i is
/// (channel <c>Order[i]</c> of the image − offset) · scale.
/// </summary>
/// <param name="Channels">
/// What the channels of the image are: some of <c>RGBA</c> in this order, or <c>gray</c>, or <c>gray,gray,gray</c> where each is that.
/// </param>
/// <param name="Order">Which of them each channel of NoProp's is.</param>
/// <param name="Offset">What is taken away.</param>
/// <param name="Scale">By what the rest is multiplied.</param>
internal sealed record ImageSteps(string Channels, IReadOnlyList<int> Order, float Offset, float Scale)
{
    private const string Grey = "gray";
    private const string OwnWeights = "0.299,0.587,0.114"; // ITU-R BT.601, as ImagePixelReader has it
    private const string MLNetWeights = "0.3,0.59,0.11"; // ConvertToGrayscale

    /// <summary>Gets how images of another shape are brought to the model's, where one word says it.</summary>
    public ImageFit? Fit { get; private init; }

    /// <summary>Gets the shares of red, green and blue in the grey, with commas between; <see langword="null"/> without grey.</summary>
    public string? GreyWeights { get; private init; }

    /// <summary>Gets the step that makes the images, where it is none of ML.NET's or ours.</summary>
    public string? UnknownStep { get; private init; }

    /// <summary>Follows the column of features back to the image that it is made from.</summary>
    /// <param name="steps">The transformers before NoProp, in their order.</param>
    /// <param name="schema">The schema of what goes into the first.</param>
    /// <param name="features">The column that NoProp reads, which is there.</param>
    /// <param name="channels">How many channels NoProp's images have.</param>
    /// <returns>What is done to the image; <see langword="null"/> where the values are the data's own.</returns>
    /// <exception cref="InvalidOperationException">Another transform than those of images makes the column.</exception>
    public static ImageSteps? Of(IEnumerable<ITransformer> steps, DataViewSchema schema, string features, int channels)
    {
        var makers = new Stack<(ITransformer Step, DataViewSchema Before, DataViewSchema After)>();
        foreach (var step in steps)
        {
            makers.Push((step, schema, step.GetOutputSchema(schema)));
            schema = makers.Peek().After;
        }

        var column = schema[features];
        var read = column.Type is ImageDataViewType ? AsRead(channels) : null;
        var image = new ImageMaking();
        foreach (var (step, before, _) in makers.Where(maker => Makes(maker, column.Name)))
        {
            if (column.Type is ImageDataViewType)
            {
                image = image.After(step, column.Name);
            }
            else
            {
                read = step switch
                {
                    ImagePixelExtractingTransformer extracting => Extracted(extracting.Columns.Single(pair => pair.Name == column.Name)),
                    ColumnCopyingTransformer => null,
                    _ => throw NotWritten(step, column.Name, features),
                };
            }

            if (step is not OneToOneTransformerBase oneToOne)
            {
                break;
            }

            var source = before[oneToOne.ColumnPairs.Single(pair => pair.outputColumnName == column.Name).inputColumnName];
            if (column.Type is ImageDataViewType && source.Type is not ImageDataViewType)
            {
                break; // a path, or numbers: what the image is made of, the graph does not read
            }

            column = source;
        }

        return read?.Of(image);
    }

    private ImageSteps Of(ImageMaking image) => this with
    {
        Fit = image.Fit,
        Channels = image.IsGrey ? Greyed(Channels) : Channels,
        GreyWeights = image.IsGrey ? MLNetWeights : GreyWeights,
        UnknownStep = image.UnknownStep,
    };

    // Red, green and blue are the same then.
    private static string Greyed(string channels) =>
        channels == Grey ? Grey : string.Join(',', channels.Select(channel => channel == 'A' ? "A" : Grey));

    // A column that is made hides that of the same name. Its number says nothing: others that are made or taken away change it, too.
    private static bool Makes((ITransformer Step, DataViewSchema Before, DataViewSchema After) maker, string column) =>
        maker.After.Count(other => other.Name == column) > maker.Before.Count(other => other.Name == column);

    // NoProp's own reading of an image.
    private static ImageSteps AsRead(int channels) =>
        channels == 1
            ? new(Grey, [0], Offset: 0, Scale: 1) { GreyWeights = OwnWeights }
            : new("RGB", [0, 1, 2], Offset: 0, Scale: 1);

    private static ImageSteps Extracted(ImagePixelExtractingEstimator.ColumnOptions options)
    {
        ImagePixelExtractingEstimator.GetOrder(
            options.OrderOfExtraction,
            options.ColorsToExtract,
            out var alpha,
            out var red,
            out var blue,
            out var green);
        (char Name, int Place)[] extracted =
            [.. new[] { ('R', red), ('G', green), ('B', blue), ('A', alpha) }.Where(channel => channel.Item2 >= 0)];
        var order = new int[extracted.Length];
        for (var i = 0; i < extracted.Length; i++)
        {
            order[extracted[i].Place] = i;
        }

        return new(string.Concat(extracted.Select(channel => channel.Name)), order, options.OffsetImage, options.ScaleImage);
    }

    private static InvalidOperationException NotWritten(ITransformer step, string column, string features) =>
        UserFault.Of(new InvalidOperationException(
            $"The column '{column}' is made by a {ImageMaking.NameOf(step)}, which cannot be written into the ONNX file: of what "
            + "comes before NoProp only CopyColumns, ExtractPixels and what makes its images can. For a table call "
            + "mlContext.Model.ConvertToOnnx of the package Microsoft.ML.OnnxConverter; NoProp normalises by itself, so a step that does "
            + "that can be left out; or call SaveAsOnnx on the NoProp transformer (GetNoPropTransformer), whose graph starts at "
            + $"'{features}'."));
}
