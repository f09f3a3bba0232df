using System.Globalization;
using System.Numerics.Tensors;
using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>Sums up pixels to the mean and standard deviation of each channel.</summary>
/// <param name="shape">The size of the images.</param>
internal sealed class ChannelMoments(ImageShape shape)
{
    // Of the values less the first of their channel: a channel that never changes has deviation 0 exactly, however far from 0 it is.
    private readonly double[] _first = new double[shape.Channels];
    private readonly double[] _sums = new double[shape.Channels];
    private readonly double[] _squares = new double[shape.Channels];
    private readonly float?[] _second = new float?[shape.IsTable ? shape.Channels : 0]; // the first value that is another
    private readonly long[] _common = new long[shape.IsTable ? shape.Channels : 0]; // how often a value is the first or the second
    private readonly float[] _farthest = new float[shape.IsTable ? shape.Channels : 0]; // from the first
    private long _images;
    private bool _isWithinBytes = !shape.IsTable;

    /// <summary>Adds an image.</summary>
    /// <param name="pixels">C·H·W values, channel by channel.</param>
    public void Add(ReadOnlySpan<float> pixels)
    {
        var plane = shape.Height * shape.Width;
        for (var channel = 0; channel < shape.Channels; channel++)
        {
            var ofChannel = pixels.Slice(channel * plane, plane);
            if (_images == 0)
            {
                _first[channel] = ofChannel[0];
            }

            var (sum, squares) = PixelLoops.Moments(ofChannel, _first[channel]);
            _sums[channel] += sum;
            _squares[channel] += squares;
        }

        for (var slot = 0; slot < _farthest.Length; slot++)
        {
            NoteExtremes(slot, pixels[slot]);
        }

        _isWithinBytes = _isWithinBytes && TensorPrimitives.Min(pixels) >= 0 && TensorPrimitives.Max(pixels) <= byte.MaxValue
            && !PixelRange.IsScaled(pixels);

        _images++;
    }

    private void NoteExtremes(int slot, float value)
    {
        if (value == (float)_first[slot] || value == (_second[slot] ??= value))
        {
            _common[slot]++;
        }

        if (_images == 0 || Math.Abs(value - _first[slot]) > Math.Abs(_farthest[slot] - _first[slot]))
        {
            _farthest[slot] = value;
        }
    }

    // One value makes nearly all of the variance. Where most are the same, as of words that are columns, a rare one does so by right.
    private float? Outlier(int slot, double mean, double deviation) =>
        _common[slot] < _images / 2 && Math.Pow((_farthest[slot] - mean) / deviation, 2) > ChannelStatistics.OutlierShare * _images
            ? _farthest[slot]
            : null;

    /// <summary>Returns the mean and standard deviation of each channel.</summary>
    public ChannelStatistics Statistics()
    {
        var count = (double)_images * shape.Height * shape.Width;
        var shifted = _sums.Select(sum => sum / count).ToArray();
        double[] means = [.. shifted.Select((mean, channel) => _first[channel] + mean)];
        double[] deviations =
            [.. shifted.Select((mean, channel) => Math.Sqrt(Math.Max(0, (_squares[channel] / count) - (mean * mean))))];
        return new(means, deviations)
        {
            IsWithinBytes = _isWithinBytes,
            Outliers = [.. Enumerable.Range(0, _farthest.Length).Select(slot => Outlier(slot, means[slot], deviations[slot]))],
        };
    }
}

/// <summary>The scale of each channel, or of each slot of a table's rows.</summary>
/// <param name="Mean">The means.</param>
/// <param name="Deviation">The standard deviations.</param>
internal sealed record ChannelStatistics(double[] Mean, double[] Deviation)
{
    /// <summary>The share of the variance above which one value leaves nothing to tell the others apart by.</summary>
    public const double OutlierShare = 0.99;

    private const double LeastMean = 20; // of pixels of 0 to 255, unless the photos were taken at night
    private const int FewSteps = 8; // of single precision within one deviation
    private const double SmallestDeviation = 1e-38; // 1 over less would overflow single precision

    /// <summary>
    /// Gets a value indicating whether they are images of values from 0 to 255, of which none looks as if divided by 255.
    /// </summary>
    public bool IsWithinBytes { get; init; }

    /// <summary>Gets the value of each slot of a table that makes nearly all of its variance, if one does; empty of images.</summary>
    public IReadOnlyList<float?> Outliers { get; init; } = [];

    /// <summary>Gets a value indicating whether they are pixels of 0 to 255, and not of some smaller range.</summary>
    public bool AreOfBytes => IsWithinBytes && Array.TrueForAll(Mean, mean => mean > LeastMean);

    /// <summary>Gets what brings each channel to deviation 1: 1 over its own, or 0 where it never varies.</summary>
    public double[] Scale => Array.ConvertAll(Deviation, deviation => deviation < SmallestDeviation ? 0 : 1 / deviation);

    /// <summary>Returns sentences about values that training cannot use.</summary>
    /// <param name="shape">The size of the images.</param>
    /// <param name="slotNames">The names of a table's slots; empty where they have none.</param>
    public IEnumerable<string> Warnings(ImageShape shape, IReadOnlyList<string> slotNames)
    {
        var scale = Scale;
        int[] channels = [.. Enumerable.Range(0, shape.Channels)];
        int[] constant = [.. channels.Where(channel => Deviation[channel] == 0)];
        int[] tiny = [.. channels.Where(channel => scale[channel] == 0).Except(constant)];
        int[] varying = [.. channels.Where(channel => scale[channel] != 0)];
        int[] coarse = [.. varying.Where(channel => Deviation[channel] < FewSteps * Step(Mean[channel]))];
        var kind = Kind(shape);
        if (constant.Length > 0)
        {
            yield return $"{constant.Length} of {shape.Channels} {kind} never vary in the training data and have no influence: "
                + $"{Slots(shape, slotNames, constant)}.";
        }

        if (tiny.Length > 0)
        {
            yield return $"The values of {tiny.Length} of {shape.Channels} {kind} differ by less than single precision can be scaled by, "
                + $"and have no influence: {Slots(shape, slotNames, tiny)}. Multiply them by a constant before they become Single.";
        }

        if (coarse.Length > 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The values of {coarse.Length} of {shape.Channels} {kind} lie so far from 0 that single precision hardly tells them ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"apart (about {Mean[coarse[0]]:G4} in steps of {Step(Mean[coarse[0]]):G2}): ")
                + $"{Slots(shape, slotNames, coarse)}. Subtract a constant before they become Single.";
        }

        if (varying.Where(channel => channel < Outliers.Count && Outliers[channel] is not null).ToArray() is { Length: > 0 } spoilt)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"One value of {spoilt.Length} of {shape.Channels} {kind} is so far from all others ({Outliers[spoilt[0]]:G4}) ")
                + $"that nothing tells these apart: {Slots(shape, slotNames, spoilt)}. Mend the row, or leave it out.";
        }
    }

    /// <summary>Returns sentences about values that an earlier model cannot use when it is trained further.</summary>
    /// <param name="earlier">What it multiplies each channel by.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="slotNames">The names of a table's slots; empty where they have none.</param>
    public IEnumerable<string> WarningsFor(IReadOnlyList<float> earlier, ImageShape shape, IReadOnlyList<string> slotNames)
    {
        var scale = Scale;
        int[] unused = [.. Enumerable.Range(0, shape.Channels).Where(channel => earlier[channel] == 0 && scale[channel] != 0)];
        if (unused.Length > 0)
        {
            yield return $"{unused.Length} of {shape.Channels} {Kind(shape)} vary in the training data, but did not in that of the model "
                + $"which is trained further, and have no influence: {Slots(shape, slotNames, unused)}. To learn from them, train without "
                + $"{nameof(NoPropRun.Previous)}.";
        }
    }

    private static string Kind(ImageShape shape) => shape.IsTable ? "features" : "channels";

    private static string Slots(ImageShape shape, IReadOnlyList<string> slotNames, int[] of) =>
        (shape.IsTable ? "slots " : "channels ") + NameList.Of(of.Select(channel =>
            shape.IsTable && channel < slotNames.Count && slotNames[channel].Length > 0
                ? $"{channel} ({slotNames[channel]})"
                : $"{channel}"));

    // The distance of neighbouring numbers of single precision.
    private static double Step(double value) => MathF.BitIncrement((float)Math.Abs(value)) - (double)(float)Math.Abs(value);
}
