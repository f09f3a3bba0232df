using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The image network of the paper's figure 6: 3×3 convolutions of 32, 64 and 128 channels, each with ReLU and dropout 0.2, a 2×2 max-pool
/// behind the first and the last, then a linear layer with ReLU, or with batch normalisation in the blocks of discrete time.
/// </summary>
/// <remarks>The figure does not state the padding: 1 here, as in every re-implementation known.</remarks>
internal sealed class PaperBackbone : Backbone
{
    private const double DroppedShare = 0.2;

    private readonly Convolution _first;
    private readonly Convolution _second;
    private readonly Convolution _third;
    private readonly Dropout _firstDropout;
    private readonly Dropout _secondDropout;
    private readonly Dropout _thirdDropout;
    private readonly Linear _linear;
    private readonly BatchNorm? _norm;

    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="shape">The size of the images, at least 8×8.</param>
    /// <param name="features">H, the number of features; 256 in the paper.</param>
    /// <param name="ending">What follows the linear layer.</param>
    public PaperBackbone(WeightScope weights, ImageShape shape, long features, PaperEnding ending)
    {
        _first = new Convolution(weights.Under("conv1"), shape.Channels, 32);
        _second = new Convolution(weights.Under("conv2"), 32, 64);
        _third = new Convolution(weights.Under("conv3"), 64, 128);
        _firstDropout = new Dropout(weights.Under("dropout1"), DroppedShare);
        _secondDropout = new Dropout(weights.Under("dropout2"), DroppedShare);
        _thirdDropout = new Dropout(weights.Under("dropout3"), DroppedShare);
        _linear = new Linear(weights.Under("linear"), 128L * (shape.Height / 4) * (shape.Width / 4), features);
        _norm = ending == PaperEnding.BatchNorm ? new BatchNorm(weights.Under("norm"), features) : null;
    }

    /// <inheritdoc/>
    public override Linear? Output => null;

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        var x = _firstDropout.Forward(Convolution.Pooled(_first.Forward(images)), training); // (B, 32, H/2, W/2)
        x = _secondDropout.Forward(_second.Forward(x).relu_(), training); // (B, 64, H/2, W/2)
        x = _thirdDropout.Forward(Convolution.Pooled(_third.Forward(x)), training); // (B, 128, H/4, W/4)
        x = _linear.Forward(x.flatten(1)); // (B, H)
        return _norm is null ? x.relu_() : _norm.Forward(x, training); // (B, H)
    }

    /// <inheritdoc/>
    public override IReadOnlyList<BackboneLayer> Layers()
    {
        var linear = _linear.Host();
        return
        [
            _first.Layer(pool: 2),
            _second.Layer(pool: 1),
            _third.Layer(pool: 2),
            .. _norm is null
                ? new BackboneLayer[] { new BackboneLayer.Dense(linear), new BackboneLayer.Relu() }
                : [new BackboneLayer.Dense(_norm.Behind(linear))],
        ];
    }
}

/// <summary>What follows the last linear layer of the paper's image network.</summary>
internal enum PaperEnding
{
    /// <summary>ReLU: continuous time and flow matching.</summary>
    ReLU,

    /// <summary>Batch normalisation without ReLU: the blocks of discrete time.</summary>
    BatchNorm,
}
