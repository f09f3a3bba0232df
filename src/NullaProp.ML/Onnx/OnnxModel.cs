using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Interop;
using NullaProp.ML.Plan;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Onnx;

/// <summary>Writes a whole model as an ONNX file: raw pixels in, class probabilities out.</summary>
/// <param name="model">The model.</param>
/// <param name="folded">The same, multiplied out for its plan.</param>
internal sealed class OnnxModel(StoredModel model, FoldedModel folded)
{
    private const double SmallestProbability = 1.2e-38; // p·ln p is 0 where p is, and ln 0 is no number
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string AsTrained = "as in the training data"; // a vector does not tell

    /// <summary>Writes the file.</summary>
    /// <param name="stream">Where to; it need not seek.</param>
    /// <param name="export">The names and forms of input and outputs, all of them given.</param>
    /// <param name="image">
    /// What is done to an image before the model sees it; <see langword="null"/> where the graph shall start at the model's own pixels.
    /// </param>
    /// <param name="layout">The order of the feature column's values, which <see cref="OnnxLayout.Vector"/> has, too.</param>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes; nothing is written.</exception>
    public void Write(Stream stream, OnnxExport export, ImageSteps? image, PixelLayout layout)
    {
        RequireWritable();
        RequireImages(image);
        OnnxFile.Write(stream, Graph(export, image, layout), Metadata(export, image, layout));
    }

    /// <summary>Adds the model to a graph of ML.NET's: from the feature column to those of scores, class and entropy.</summary>
    /// <param name="target">ML.NET's graph.</param>
    /// <param name="layout">The order of the feature column's values.</param>
    /// <exception cref="InvalidOperationException">A graph cannot say what the model computes.</exception>
    public void Convert(ConvertedGraph target, PixelLayout layout)
    {
        RequireWritable();
        RequireColumns(layout);
        RequireOtherNames();
        target.RequireOpset("NoProp");
        var (graph, options) = (new OnnxGraph(OnnxPrecision.Full), model.Options);
        var values = graph.Cast(graph.Input(options.FeatureColumnName, OnnxType.Single, model.Shape.Size), OnnxType.Single);
        var scores = Scores(graph, OfVector(graph, values, layout)).Scores;
        var key = graph.Add(graph.ArgMax(scores), graph.Integers(1)); // keys count from 1
        graph.Output(options.ScoreColumnName, scores, OnnxType.Single, model.Classes);
        graph.Output(options.PredictedLabelColumnName, graph.Reshape(graph.Cast(key, OnnxType.UInt32), 1), OnnxType.UInt32, 1);
        if (options.Sampling.EntropyColumnName is { } entropy)
        {
            graph.Output(entropy, graph.Reshape(EntropyOf(graph, scores), 1), OnnxType.Single, 1);
        }

        graph.CopyTo(target);
    }

    // A value of the graph is given once.
    private void RequireOtherNames()
    {
        var (features, options) = (model.Options.FeatureColumnName, model.Options);
        if (features == options.ScoreColumnName || features == options.PredictedLabelColumnName
            || features == options.Sampling.EntropyColumnName)
        {
            throw new InvalidOperationException(
                $"The column '{features}' is read and written anew, which a graph of ML.NET's converter cannot say. Give one of the two "
                    + $"another name: WithNoProp(noprop => noprop.WithColumns(score: …)), or WithSampling for the entropy.");
        }
    }

    private OnnxGraph Graph(OnnxExport export, ImageSteps? image, PixelLayout layout)
    {
        var graph = new OnnxGraph(export.Weights);
        var pixels = Images(graph, export, layout);
        var rows = Scores(graph, image is null ? pixels : Pixels(graph, pixels, image));
        graph.Output(export.ScoreName, rows.Scores, OnnxType.Single, model.Classes);
        if (export.ClassName is { } predicted)
        {
            graph.Output(predicted, graph.ArgMax(rows.Scores), OnnxType.Int64);
        }

        if (export.EntropyName is { } entropy)
        {
            graph.Output(entropy, EntropyOf(graph, rows.Scores), OnnxType.Single);
        }

        if (export.PathName is { } path)
        {
            graph.Output(path, graph.Stack(rows.Path), OnnxType.Single, rows.Path.Count, model.Classes);
        }

        return graph;
    }

    private OnnxRows Scores(OnnxGraph graph, OnnxValue pixels)
    {
        var rows = new OnnxRows(graph, folded, Normalized(graph, pixels));
        new PlanInterpreter(folded.Plan, folded.Paths.Count).Run(rows);
        return rows;
    }

    // (N, C, H, W), of single precision
    private OnnxValue Images(OnnxGraph graph, OnnxExport export, PixelLayout layout)
    {
        var (channels, height, width) = (model.Shape.Channels, model.Shape.Height, model.Shape.Width);
        if (export.InputElement == OnnxElement.Byte && model.Shape.IsTable)
        {
            throw new InvalidOperationException(
                $"{nameof(OnnxExport.InputElement)} is {OnnxElement.Byte}, but the model reads rows of a table, whose values may be "
                    + $"negative and have fractions. Choose {OnnxElement.FullPrecision}.");
        }

        var type = export.InputElement == OnnxElement.Byte ? OnnxType.Byte : OnnxType.Single;
        var input = graph.Input(export.InputName!, type, export.InputLayout switch
        {
            OnnxLayout.ChannelsFirst => [channels, height, width],
            OnnxLayout.ChannelsLast => [height, width, channels],
            _ => [model.Shape.Size],
        });
        var pixels = type == OnnxType.Single ? input : graph.Cast(input, OnnxType.Single);
        return export.InputLayout switch
        {
            OnnxLayout.ChannelsFirst => pixels,
            OnnxLayout.ChannelsLast => graph.Transpose(pixels, 0, 3, 1, 2),
            _ => OfVector(graph, pixels, layout),
        };
    }

    private OnnxValue OfVector(OnnxGraph graph, OnnxValue values, PixelLayout layout)
    {
        var (channels, height, width) = (model.Shape.Channels, model.Shape.Height, model.Shape.Width);
        return layout == PixelLayout.Interleaved
            ? graph.Transpose(graph.Reshape(values, height, width, channels), 0, 3, 1, 2)
            : graph.Reshape(values, channels, height, width);
    }

    // In the order of ML.NET's own arithmetic, so that rounding is the same.
    private static OnnxValue Pixels(OnnxGraph graph, OnnxValue image, ImageSteps steps)
    {
        var isInOrder = steps.Order.SequenceEqual(Enumerable.Range(0, steps.Order.Count));
        var pixels = isInOrder ? image : graph.Channels(image, [.. steps.Order]);
        var centred = steps.Offset == 0 ? pixels : graph.Subtract(pixels, graph.Scalar(steps.Offset));
        return steps.Scale == 1 ? centred : graph.Multiply(centred, graph.Scalar(steps.Scale));
    }

    private OnnxValue Normalized(OnnxGraph graph, OnnxValue pixels)
    {
        var (mean, scale) = (model.Network.Normalization.Mean.Host(), model.Network.Normalization.Scale.Host()); // (1, C, 1, 1)
        var centred = graph.Subtract(pixels, graph.Tensor("pixels.mean", mean.Shape, mean.Values));
        return graph.Multiply(centred, graph.Tensor("pixels.scale", scale.Shape, scale.Values));
    }

    // −Σ p·ln p, kept in the range that rounding may leave.
    private OnnxValue EntropyOf(OnnxGraph graph, OnnxValue scores)
    {
        var logarithms = graph.Logarithm(graph.Clip(scores, SmallestProbability, 1));
        var sum = graph.RowSum(graph.Multiply(scores, logarithms));
        return graph.Clip(graph.Multiply(sum, graph.Scalar(-1)), 0, Math.Log(model.Classes));
    }

    // What a program needs that has the file alone.
    private IEnumerable<KeyValuePair<string, string>> Metadata(OnnxExport export, ImageSteps? image, PixelLayout layout)
    {
        using var description = new MemoryStream();
        (model with { WeightsHash = ModelFile.HashOf(model) }).Write(description);
        var shape = string.Create(CultureInfo.InvariantCulture, $"{model.Shape.Channels}x{model.Shape.Height}x{model.Shape.Width}");
        yield return new("class_names", JsonSerializer.Serialize(ClassValues.NamesOf(model.Keys, model.Classes), Readable));
        yield return new("image_shape", shape);
        yield return new("layout", export.InputLayout switch
        {
            OnnxLayout.ChannelsFirst => "NCHW",
            OnnxLayout.ChannelsLast => "NHWC",
            _ => layout == PixelLayout.Interleaved ? "N(HWC)" : "N(CHW)",
        });
        yield return new("channel_order", image?.Channels ?? AsTrained);
        yield return new("pixel_range", image is null ? AsTrained : "0..255");
        if (image?.GreyWeights is { } weights)
        {
            yield return new("gray_weights", weights);
        }

        if (image?.Fit is { } fit)
        {
            yield return new("image_fit", $"{fit}");
        }

        if (image?.UnknownStep is { } step)
        {
            yield return new("image_step", step);
        }

        yield return new("library_version", ModelFile.LibraryVersion);
        yield return new("model", Encoding.UTF8.GetString(description.ToArray()));
    }

    private void RequireColumns(PixelLayout layout)
    {
        if (layout == PixelLayout.Image)
        {
            throw new InvalidOperationException(
                $"The column '{model.Options.FeatureColumnName}' holds images, which an ONNX graph cannot read. " +
                "Call mlContext.Model.SaveNoPropAsOnnx, whose graph starts at the pixels of images.");
        }

        if (model.Options.Sampling.DisagreementColumnName is { } name)
        {
            throw new InvalidOperationException(
                $"The column '{name}' of the draws' disagreement cannot be written into an ONNX graph. " +
                $"Convert what WithSampling(sampling => sampling with {{ {nameof(Sampling.DisagreementColumnName)} = null }}) returns.");
        }
    }

    // Mlp takes small images, and those of two channels, for rows of a table.
    private void RequireImages(ImageSteps? image)
    {
        if (image is not null && image.Order.Count != model.Shape.Channels)
        {
            var pixels = model.Shape.Size / image.Order.Count;
            throw new InvalidOperationException(
                $"The model reads column '{model.Options.FeatureColumnName}' as {model.Shape.Size} values in a row, not as images of "
                    + $"{image.Order.Count} channels of {pixels} pixels, at which the graph would start. Train it with "
                    + $"{nameof(NoPropOptions.ImageShape)} = new({image.Order.Count}, height, width), or enlarge the images to 8×8 or "
                    + "more.");
        }
    }

    private void RequireWritable()
    {
        if (folded.Plan.EarlyExit != EarlyExit.Never)
        {
            throw new InvalidOperationException(
                $"The model lets images leave early ({nameof(Sampling.EarlyExit)} is {folded.Plan.EarlyExit}), but an ONNX graph " +
                $"computes all rows alike. Save what WithSampling(sampling => sampling with {{ {nameof(Sampling.EarlyExit)} = " +
                $"{nameof(EarlyExit)}.{nameof(EarlyExit.Never)} }}) returns.");
        }
    }
}
