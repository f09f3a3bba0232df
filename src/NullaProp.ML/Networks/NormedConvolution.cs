using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A convolution without bias, and the batch normalisation behind it, which has one. Keeps height and width but for the stride.
/// </summary>
/// <param name="convolution">The convolution's scope.</param>
/// <param name="norm">The norm's scope.</param>
/// <param name="inputs">Input channels.</param>
/// <param name="outputs">Output channels.</param>
/// <param name="side">The kernel's height and width, odd.</param>
/// <param name="stride">Every how many pixels it is applied.</param>
internal sealed class NormedConvolution(WeightScope convolution, WeightScope norm, long inputs, long outputs, int side, int stride)
{
    private readonly Weight _weight = convolution.Matrix("weight", Initializers.FanOut(outputs * side * side), outputs, inputs, side, side);
    private readonly BatchNorm _norm = new(norm, outputs);
    private readonly HostTensor _noBias = new([outputs], new float[outputs]);
    private readonly long[] _strides = [stride, stride];
    private readonly long[] _padding = [side / 2, side / 2];

    /// <summary>Gets every how many pixels it is applied.</summary>
    public int Stride => stride;

    /// <summary>Returns the convolution with a bias that computes both, as it scores: kernels, (outputs, inputs, side, side).</summary>
    public HostLinear Host() => _norm.Behind(new HostLinear(_weight.Host(), _noBias));

    /// <summary>Applies both.</summary>
    /// <param name="x">(B, inputs, H, W); the layer computes in its numbers.</param>
    /// <param name="training">The place in a training; <see langword="null"/> in scoring.</param>
    public Tensor Forward(Tensor x, TrainingContext? training) =>
        _norm.Forward( // (B, outputs, ⌈H/stride⌉, ⌈W/stride⌉)
            nn.functional.conv2d(x, _weight.RoundedLike(x), strides: _strides, padding: _padding),
            training);
}
