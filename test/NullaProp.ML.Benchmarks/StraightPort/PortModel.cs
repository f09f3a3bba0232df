using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The yardstick: the published algorithm of the JAX reference, dimarkov/nullaprop, written in TorchSharp as it is in JAX, with nothing
/// shared between calls. It stays as it is when the library gets faster.
/// </summary>
/// <remarks>
/// <para>Mirrored: standard <c>torch.nn</c> modules in NCHW; ReLU before max-pool; image, label and time codes joined by concatenation; the
/// image network run again in each call, that is for both of the loss's terms that call the network (<see cref="PortTraining"/>) and for
/// each of the 2T + 1 evaluations of Heun's method (<see cref="PortHeun"/>); the schedule's network run three times a call; SNR′ by a
/// derivative of a derivative; AdamW on every parameter, of which there are as many as in the JAX reference's model for MNIST:
/// 1,270,509.</para>
/// <para>Not reproduced, because wrong results cannot be compared: the JAX reference's loss multiplies SNR′ and error of different samples
/// (a broadcast of (B, 1) with (B)), and its Heun corrector is handed the slope of ᾱ where ᾱ itself belongs. The slope of ᾱ that the JAX
/// reference takes at each solver step feeds its other dynamics only; its compiler drops it, so it is not computed here.</para>
/// </remarks>
internal sealed class PortModel : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly PortImageNetwork _imageNetwork;
    private readonly PortLabelEncoder _labelEncoder;
    private readonly PortTimeEncoder _timeEncoder;
    private readonly PortFusionHead _head;
    private readonly PortNoiseSchedule _schedule;
    private readonly Parameter _embedding;

    public PortModel(long dimension, long classes)
        : base(nameof(PortModel))
    {
        register_module("image_network", _imageNetwork = new PortImageNetwork(dimension));
        register_module("label_encoder", _labelEncoder = new PortLabelEncoder(dimension));
        register_module("time_encoder", _timeEncoder = new PortTimeEncoder(dimension));
        register_module("head", _head = new PortFusionHead(dimension, classes));
        register_module("schedule", _schedule = new PortNoiseSchedule());
        register_parameter("embedding", _embedding = nn.Parameter(randn(classes, dimension) * 0.01));
    }

    /// <summary>Gets the image network.</summary>
    public PortImageNetwork ImageNetwork => _imageNetwork;

    /// <summary>Gets the noise schedule.</summary>
    public PortNoiseSchedule Schedule => _schedule;

    /// <summary>Gets the class embeddings W, (K, D).</summary>
    public Parameter Embedding => _embedding;

    /// <summary>Returns logits, (B, K), from normalised images (B, 1, 28, 28), noisy labels (B, D) and times (B, 1).</summary>
    public override Tensor forward(Tensor input1, Tensor input2, Tensor input3) =>
        _head.forward(_imageNetwork.forward(input1), _labelEncoder.forward(input2), _timeEncoder.forward(input3)); // (B, K)
}
