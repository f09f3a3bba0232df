using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>Sums up pixels to the mean and standard deviation of each channel.</summary>
/// <param name="shape">The size of the images.</param>
internal sealed class ChannelMoments(ImageShape shape)
{
    private readonly double[] _sums = new double[shape.Channels];
    private readonly double[] _squares = new double[shape.Channels];
    private long _images;

    /// <summary>Adds an image.</summary>
    /// <param name="pixels">C·H·W values, channel by channel.</param>
    public void Add(ReadOnlySpan<float> pixels)
    {
        var plane = shape.Height * shape.Width;
        for (var channel = 0; channel < shape.Channels; channel++)
        {
            var (sum, squares) = PixelLoops.Moments(pixels.Slice(channel * plane, plane));
            _sums[channel] += sum;
            _squares[channel] += squares;
        }

        _images++;
    }

    /// <summary>Returns the mean and standard deviation of each channel.</summary>
    public (double[] Mean, double[] Deviation) Statistics()
    {
        var count = (double)_images * shape.Height * shape.Width;
        var mean = _sums.Select(sum => sum / count).ToArray();
        return (mean, [.. _squares.Select((square, channel) => Math.Sqrt(Math.Max(0, (square / count) - (mean[channel] * mean[channel]))))]);
    }
}
