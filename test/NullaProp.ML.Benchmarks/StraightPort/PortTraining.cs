using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The reference's training step: cross-entropy at t = 1, ½‖u‖² and ½·SNR′(t)·‖û − u‖² at a random t, each call of the network from the
/// image on.
/// </summary>
internal sealed class PortTraining : IDisposable
{
    private readonly PortModel _model;
    private readonly AdamW _optimizer;
    private readonly Generator _generator;

    public PortTraining(PortModel model, NoPropOptions options, Generator generator)
    {
        _model = model;
        _generator = generator;
        _optimizer = optim.AdamW(model.parameters(), options.LearningRate, weight_decay: options.WeightDecay);
    }

    /// <summary>Takes one step on normalised images, (B, 1, 28, 28), with class indices, (B).</summary>
    public void Step(Tensor images, Tensor labels)
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        Loss(images, labels).backward();
        _optimizer.step();
    }

    /// <inheritdoc/>
    public void Dispose() => _optimizer.Dispose();

    private Tensor Loss(Tensor images, Tensor labels)
    {
        var clean = _model.Embedding.index_select(0, labels); // u, (B, D)
        var prior = clean.square().sum(1).mean() * 0.5;
        return Readout(images, labels, clean) + prior + Denoising(images, clean);
    }

    private Tensor Denoising(Tensor images, Tensor clean)
    {
        var time = rand([clean.shape[0], 1], generator: _generator).requires_grad_(); // (B, 1)
        var alphaBar = _model.Schedule.forward(time); // (B, 1)
        var snr = alphaBar / (1 - alphaBar); // (B, 1)
        var snrRate = autograd.grad([snr.sum()], [time], retain_graph: true, create_graph: true)[0]; // (B, 1)
        var logits = _model.forward(images, AddNoise(clean, alphaBar), time.detach()); // (B, K)
        var prediction = nn.functional.softmax(logits, 1).mm(_model.Embedding); // û, (B, D)
        var error = (prediction - clean).square().sum(1, keepdim: true); // (B, 1)
        return (snrRate * error).mean() * 0.5;
    }

    private Tensor Readout(Tensor images, Tensor labels, Tensor clean)
    {
        var one = ones(clean.shape[0], 1); // (B, 1)
        var z = AddNoise(clean, _model.Schedule.forward(one)); // (B, D)
        return nn.functional.cross_entropy(_model.forward(images, z, one), labels);
    }

    private Tensor AddNoise(Tensor clean, Tensor alphaBar)
    {
        var epsilon = randn(clean.shape, generator: _generator); // (B, D)
        return (alphaBar.sqrt() * clean) + ((1 - alphaBar).sqrt() * epsilon); // (B, D)
    }
}
