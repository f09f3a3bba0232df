using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>y = x·Aᵀ + b.</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="inputs">The width of x.</param>
/// <param name="outputs">The width of y.</param>
/// <param name="first">The first value of A, where it is not PyTorch's default.</param>
internal sealed class Linear(WeightScope weights, long inputs, long outputs, Initializer? first = null)
{
    /// <summary>Gets the matrix A, (outputs, inputs).</summary>
    public Weight Weight { get; } = weights.Matrix("weight", first ?? Initializers.FanIn(inputs), outputs, inputs);

    /// <summary>Gets the bias b, (outputs).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.FanIn(inputs), outputs);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, inputs); the layer computes in its numbers.</param>
    public Tensor Forward(Tensor x) => nn.functional.linear(x, Weight.RoundedLike(x), Bias.RoundedLike(x)); // (B, outputs)

    /// <summary>
    /// Applies only the columns that read a slice of the input, without bias: the shares of the slices add up to the layer's output.
    /// </summary>
    /// <param name="slice">(B, width): the input from column <paramref name="start"/> on.</param>
    /// <param name="start">The slice's first column.</param>
    // (B, outputs)
    public Tensor Share(Tensor slice, long start) => nn.functional.linear(slice, Weight.Value.narrow(1, start, slice.shape[1]));

    /// <summary>Returns the layer in managed memory.</summary>
    public HostLinear Host() => new(Weight.Host(), Bias.Host());
}

/// <summary>A 3×3 convolution that keeps height and width (padding 1).</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="inputs">Input channels.</param>
/// <param name="outputs">Output channels.</param>
internal sealed class Convolution(WeightScope weights, long inputs, long outputs)
{
    private const int Side = 3;
    private static readonly long[] Padding = [1, 1];

    /// <summary>Gets the kernels, (outputs, inputs, 3, 3).</summary>
    public Weight Weight { get; } = weights.Matrix("weight", Initializers.FanIn(inputs * Side * Side), outputs, inputs, Side, Side);

    /// <summary>Gets the biases, (outputs).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.FanIn(inputs * Side * Side), outputs);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, inputs, H, W); the layer computes in its numbers.</param>
    /// <returns>
    /// (B, outputs, H, W), laid out in memory pixel by pixel, in which the max-pool that follows is several times faster.
    /// </returns>
    public Tensor Forward(Tensor x)
    {
        var read = FewChannels.Precise(x);
        return nn.functional.conv2d(
            ChannelsLast.Of(read), ChannelsLast.Of(Weight.RoundedLike(read)), Bias.RoundedLike(read), padding: Padding).to(x.dtype);
    }

    /// <summary>Returns the largest of each two by two numbers, or 0 where none is above it.</summary>
    /// <param name="x">What the layer made, (B, outputs, H, W); its memory is used further.</param>
    /// <remarks>Maximum and ReLU commute: pooling first leaves a quarter of the values to clip.</remarks>
    public static Tensor Pooled(Tensor x) => nn.functional.max_pool2d(x, 2L).relu_();

    /// <summary>Returns the layer for scoring, with what follows it.</summary>
    /// <param name="pool">The side of the max-pool's squares: 1 or 2.</param>
    public BackboneLayer Layer(int pool) => new BackboneLayer.Convolution(Weight.Host(), Bias.Host(), pool);
}

/// <summary>
/// What a convolution reads of colour images: on the CPU in single precision, whatever the network computes in. In bfloat16 the gradient of
/// its weights lets oneDNN's threads wait for each other in a busy loop: beside other work on the same processors a training took several
/// times as long.
/// </summary>
internal static class FewChannels
{
    private const int Most = 15; // oneDNN takes 16 for many

    /// <summary>Returns images in the numbers to convolve them in.</summary>
    /// <param name="x">(B, C, H, W).</param>
    public static Tensor Precise(Tensor x) =>
        x.device_type == DeviceType.CPU && x.shape[1] is > 1 and <= Most ? x.to(ScalarType.Float32) : x;
}

/// <summary>Images pixel by pixel in memory, in which convolutions and max-pools are faster; what follows keeps the order.</summary>
internal static class ChannelsLast
{
    /// <summary>Returns the same numbers in this order; as they are where they lie so already.</summary>
    /// <param name="x">(B, C, H, W).</param>
    /// <remarks>With one channel the two orders are one, and only the strides can tell torch which is meant.</remarks>
    public static Tensor Of(Tensor x) => x.shape[1] == 1
        ? x.reshape(x.shape[0], x.shape[2], x.shape[3], 1).permute(0, 3, 1, 2)
        : x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}

/// <summary>Layer normalisation over the last dimension, with scale and shift.</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="width">The width of the last dimension.</param>
internal sealed class LayerNorm(WeightScope weights, long width)
{
    /// <summary>Gets the scale, (width).</summary>
    public Weight Weight { get; } = weights.Undecayed("weight", Initializers.Constant(1), width);

    /// <summary>Gets the shift, (width).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.Constant(0), width);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, width).</param>
    public Tensor Forward(Tensor x) => nn.functional.layer_norm(x, [width], Weight.Value, Bias.Value); // (B, width)
}

/// <summary>
/// Batch normalisation of each channel, with scale and shift: in training by mean and variance of the batch, in scoring by running
/// averages of them, which are stored with the model but not trained.
/// </summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="channels">C.</param>
internal sealed class BatchNorm(WeightScope weights, long channels)
{
    private const double Epsilon = 1e-5; // torch's default

    private readonly Weight _weight = weights.Norm("weight", Initializers.Constant(1), channels);
    private readonly Weight _bias = weights.Norm("bias", Initializers.Constant(0), channels);
    private readonly Weight _runningMean = weights.Fixed("running_mean", Initializers.Constant(0), channels);
    private readonly Weight _runningVariance = weights.Fixed("running_var", Initializers.Constant(1), channels);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, C) or (B, C, H, W).</param>
    /// <param name="training">The place in a training, which moves the running averages by a tenth; <see langword="null"/> in
    /// scoring, which writes over x.</param>
    public Tensor Forward(Tensor x, TrainingContext? training)
    {
        if (!is_grad_enabled() && training is null)
        {
            return Scored(x);
        }

        // One value a channel has no variance: it is normalised as in scoring.
        var byBatch = training is not null && x.numel() > channels;
        var (mean, variance) = (_runningMean.Value, _runningVariance.Value);
        // as x
        return nn.functional.batch_norm(x, mean, variance, _weight.Value, _bias.Value, training: byBatch, momentum: 0.1, eps: Epsilon);
    }

    // In place: memory of that size taken anew costs several times the arithmetic.
    private Tensor Scored(Tensor x)
    {
        using var scope = NewDisposeScope();
        using Scalar epsilon = Epsilon;
        long[] byChannel = x.dim() == 4 ? [1, channels, 1, 1] : [1, channels];
        var scale = _weight.Value / _runningVariance.Value.add(epsilon).sqrt(); // (C)
        var shift = _bias.Value - (_runningMean.Value * scale); // (C)
        return x.mul_(scale.to(x.dtype).view(byChannel)).add_(shift.to(x.dtype).view(byChannel), HeldScalar.One);
    }

    /// <summary>Returns the linear layer that computes another one and this layer behind it, as it scores.</summary>
    /// <param name="layer">The layer before, C outputs.</param>
    public HostLinear Behind(HostLinear layer)
    {
        var (weight, bias) = (_weight.Host().Values, _bias.Host().Values);
        var (mean, variance) = (_runningMean.Host().Values, _runningVariance.Host().Values);
        double[] scale = [.. weight.Select((factor, c) => factor / Math.Sqrt(variance[c] + Epsilon))];
        return new HostLinear(
            layer.Weight.WithRowsTimes(scale),
            new(layer.Bias.Shape, [.. layer.Bias.Values.Select((value, c) => (float)((scale[c] * (value - mean[c])) + bias[c]))]));
    }
}

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

    /// <summary>Gets the kernel's height and width.</summary>
    public int Side => side;

    /// <summary>Gets every how many pixels it is applied.</summary>
    public int Stride => stride;

    /// <summary>Returns the convolution with a bias that computes both, as it scores: kernels, (outputs, inputs, side, side).</summary>
    public HostLinear Host() => _norm.Behind(new HostLinear(_weight.Host(), _noBias));

    /// <summary>Applies both.</summary>
    /// <param name="x">(B, inputs, H, W); the layer computes in its numbers.</param>
    /// <param name="training">The place in a training; <see langword="null"/> in scoring.</param>
    // (B, outputs, ⌈H/stride⌉, ⌈W/stride⌉)
    public Tensor Forward(Tensor x, TrainingContext? training) => _norm.Forward(side == 1 ? OfEachPixel(x) : Convolved(x), training);

    private Tensor Convolved(Tensor x)
    {
        var read = FewChannels.Precise(x);
        return nn.functional.conv2d(read, _weight.RoundedLike(read), strides: _strides, padding: _padding).to(x.dtype);
    }

    // A 1×1 convolution is a product over the channels of each pixel. As a convolution it ends the process on some processors: oneDNN 3.7
    // divides by 0 where it is planned.
    private Tensor OfEachPixel(Tensor x)
    {
        var pixels = x.slice(2, 0, x.shape[2], stride).slice(3, 0, x.shape[3], stride).permute(0, 2, 3, 1); // (B, H, W, inputs)
        return nn.functional.linear(pixels, _weight.RoundedLike(x).reshape(outputs, inputs)).permute(0, 3, 1, 2);
    }
}

/// <summary>Sets values to 0 at random in training and scales the others up, so that their mean stays.</summary>
/// <param name="layer">The layer's scope: it has no weights, but a name, by which it draws.</param>
/// <param name="share">The share of values that are dropped, 0 to below 1.</param>
internal sealed class Dropout(WeightScope layer, double share)
{
    private readonly Lazy<Scalar> _scale = new(() => 1 / (1 - share)); // a native number: made when tensors are

    /// <summary>Applies the layer.</summary>
    /// <param name="x">Values of any shape.</param>
    /// <param name="training">The place in a training, whose stream says what is dropped; <see langword="null"/> in scoring, where the
    /// values stay.</param>
    public Tensor Forward(Tensor x, TrainingContext? training)
    {
        if (training is null)
        {
            return x;
        }

        var kept = training.Stream($"dropout/{layer.Prefix}").Bernoulli(x.shape, x.dtype, 1 - share); // 0 or 1, as x
        return x * kept.mul_(_scale.Value).to(x.device);
    }
}
