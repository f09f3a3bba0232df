using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>What follows the maps of an image network for one image, in managed memory: its last layer, and the head's first layer as far as it reads the image.</summary>
internal sealed class RowImageShare
{
    private readonly RowLinear _output;
    private readonly RowMatrix _join;

    /// <summary>Copies the weights.</summary>
    /// <param name="output">The image network's last layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="channels">The number of channels where the maps come pixel by pixel; else 1.</param>
    public RowImageShare(Linear output, FusionHead head, int channels = 1)
    {
        _output = new RowLinear(output, channels);
        _join = RowMatrix.Transposed(head.HostJoin().ImageColumns()); // (H, H)
    }

    /// <summary>Gets the number of values in the maps.</summary>
    public int Inputs => _output.Inputs;

    /// <summary>Gets the padded number of features.</summary>
    public int FeatureWidth => _output.Width;

    /// <summary>Writes the image's share of the head's first layer.</summary>
    /// <param name="maps">The maps.</param>
    /// <param name="memory">Working memory, for the features.</param>
    /// <param name="share">Where to write, H padded to whole vectors.</param>
    public void Write(ReadOnlySpan<float> maps, RowMemory memory, Span<float> share)
    {
        share.Clear();
        _join.MultiplyAdd(_output.Forward(maps, memory.Features), share);
    }
}
