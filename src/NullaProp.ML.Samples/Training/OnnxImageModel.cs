using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// An ONNX file run by ONNX Runtime, as a program that knows nothing of ML.NET would run it: what the file wants is in the file.
/// </summary>
internal sealed class OnnxImageModel(string path) : IDisposable
{
    private const string Grey = "gray"; // in each of red, green and blue

    private readonly InferenceSession _session = new(path);

    /// <summary>Returns the probabilities of all classes, image by image.</summary>
    /// <param name="images">Images of the size that the model was trained with.</param>
    public IReadOnlyList<float> Probabilities(IEnumerable<MLImage> images)
    {
        var (name, input) = _session.InputMetadata.Single();
        var metadata = _session.ModelMetadata.CustomMetadataMap;
        var isPlanar = metadata["layout"] != "NHWC";
        var pixels = images.Select(image => Pixels(image, metadata["channel_order"], isPlanar)).ToList();
        int[] shape = [pixels.Count, .. input.Dimensions[1..]];
        byte[] values = [.. pixels.SelectMany(image => image)];
        var batch = input.ElementDataType == TensorElementType.UInt8
            ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<byte>(values, shape))
            : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(Array.ConvertAll(values, value => (float)value), shape));
        using var results = _session.Run([batch], [new OnnxExport().ScoreName]);
        return [.. results.Single().AsEnumerable<float>()];
    }

    public void Dispose() => _session.Dispose();

    // Channel by channel, or pixel by pixel.
    private static byte[] Pixels(MLImage image, string channels, bool isPlanar)
    {
        var order = image.PixelFormat == MLPixelFormat.Rgba32 ? "RGBA" : "BGRA";
        int[] places = channels.StartsWith(Grey, StringComparison.Ordinal)
            ? [.. channels.Split(',').Select(channel => Math.Max(0, order.IndexOf(channel, StringComparison.Ordinal)))]
            : [.. channels.Select(channel => order.IndexOf(channel, StringComparison.Ordinal))];
        var source = image.Pixels;
        var count = image.Height * image.Width;
        var pixels = new byte[places.Length * count];
        for (var i = 0; i < count; i++)
        {
            for (var channel = 0; channel < places.Length; channel++)
                pixels[isPlanar ? (channel * count) + i : (i * places.Length) + channel] = source[(i * order.Length) + places[channel]];
        }

        return pixels;
    }
}
