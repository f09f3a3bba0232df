using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// An ONNX file run by ONNX Runtime, as a program that knows nothing of ML.NET would run it: what the file wants is in the file.
/// </summary>
internal sealed class OnnxImageModel(string path) : IDisposable
{
    private const string Grey = "gray";
    private const string OlderShares = "0.299,0.587,0.114"; // of files that do not tell

    private readonly InferenceSession _session = new(path);

    /// <summary>Returns the probabilities of all classes, image by image.</summary>
    /// <param name="images">Images of the size that the model was trained with; all of them are one batch.</param>
    public IReadOnlyList<float> Probabilities(IEnumerable<MLImage> images)
    {
        var (name, input) = _session.InputMetadata.Single();
        var metadata = _session.ModelMetadata.CustomMetadataMap;
        var isPlanar = metadata["layout"] is not ("NHWC" or "N(HWC)");
        var shares = Shares(metadata["channel_order"], metadata.GetValueOrDefault("gray_weights"));
        var pixels = images.Select(image => Pixels(image, shares, isPlanar)).ToList();
        int[] shape = [pixels.Count, .. input.Dimensions[1..]];
        byte[] values = [.. pixels.SelectMany(image => image)];
        var batch = input.ElementDataType == TensorElementType.UInt8
            ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<byte>(values, shape))
            : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(Array.ConvertAll(values, value => (float)value), shape));
        using var results = _session.Run([batch], [new OnnxExport().ScoreName]);
        return [.. results.Single().AsEnumerable<float>()];
    }

    public void Dispose() => _session.Dispose();

    // What each channel has of red, green, blue and alpha. Of an image that is grey already, any shares give the same byte.
    private static float[][] Shares(string channels, string? greyWeights)
    {
        var names = channels.Contains(Grey, StringComparison.Ordinal) ? channels.Split(',') : [.. channels.Select(name => $"{name}")];
        float[] grey =
            [.. (greyWeights ?? OlderShares).Split(',').Select(share => float.Parse(share, CultureInfo.InvariantCulture)), 0];
        return Array.ConvertAll(names, name => name == Grey ? grey : [.. "RGBA".Select(color => name == $"{color}" ? 1f : 0)]);
    }

    // Channel by channel, or pixel by pixel. Grey is rounded as the library does.
    private static byte[] Pixels(MLImage image, float[][] shares, bool isPlanar)
    {
        var (red, blue) = image.PixelFormat == MLPixelFormat.Rgba32 ? (0, 2) : (2, 0);
        var count = image.Height * image.Width;
        var all = image.Pixels;
        var pixels = new byte[shares.Length * count];
        for (var i = 0; i < count; i++)
        {
            var source = all.Slice(4 * i, 4);
            for (var channel = 0; channel < shares.Length; channel++)
            {
                var share = shares[channel];
                var value = (share[0] * source[red]) + (share[1] * source[1]) + (share[2] * source[blue]) + (share[3] * source[3]);
                pixels[isPlanar ? (channel * count) + i : (i * shares.Length) + channel] = (byte)MathF.Round(value);
            }
        }

        return pixels;
    }
}
