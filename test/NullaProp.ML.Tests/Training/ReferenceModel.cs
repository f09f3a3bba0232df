using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>
/// The network once more, in double precision and as the JAX reference writes it: clip before pooling, features, label code and time code
/// concatenated before the head's first layer. Shares nothing with the library but the names of the weights.
/// </summary>
internal sealed class ReferenceModel
{
    private readonly Dictionary<string, Tensor> _weights;
    private readonly string _block;

    /// <summary>Copies a model's weights, for one of its blocks where there are several; lives in the caller's dispose scope.</summary>
    public ReferenceModel(Denoiser model, string block = "")
    {
        _block = block;
        _weights = model.Weights.Values.ToDictionary(
            weight => weight.Key,
            weight => weight.Value.detach().to(ScalarType.Float64).requires_grad_());
        Embedding = _weights.TryGetValue("embedding.rows", out var rows) ? rows : eye(model.ClassCount, dtype: ScalarType.Float64);
    }

    /// <summary>Gets W, (K, D), of one-hot or unconstrained embeddings.</summary>
    public Tensor Embedding { get; }

    /// <summary>Returns −ln softmax(logits) at the label of each row, (B).</summary>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) =>
        logits.exp().sum(1).log() - logits.gather(1, labels.unsqueeze(1)).squeeze(1);

    /// <summary>Returns the gradient that a weight has gathered.</summary>
    public Tensor Gradient(string name) => _weights[name].grad!;

    /// <summary>Returns u, (B, D).</summary>
    public Tensor Clean(Tensor labels) => Embedding.index_select(0, labels);

    /// <summary>Returns the squared distance of the predicted embedding from the true one, (B).</summary>
    public Tensor SquaredError(Tensor logits, Tensor labels)
    {
        var powers = logits.exp();
        var prediction = (powers / powers.sum(1, keepdim: true)).mm(Embedding);
        return (prediction - Clean(labels)).square().sum(1);
    }

    /// <summary>Returns class logits, (B, K); a block of discrete time reads no time.</summary>
    public Tensor Logits(Tensor pixels, Tensor z, Tensor? time)
    {
        var image = (pixels.to(ScalarType.Float64) - _weights["normalization.mean"].detach()) * _weights["normalization.scale"].detach();
        var x = Pooled(Pooled(image, "backbone.conv1"), "backbone.conv2").flatten(1);
        var code = Linear(Linear(z, "label_encoder.first").relu(), "label_encoder.second");
        code = z.shape[1] == code.shape[1] ? z + code : code;
        var features = Linear(x, "backbone.output");
        var joined = cat(time is null ? [features, code] : [features, code, TimeCode(time)], 1);
        var hidden = Normalized(Linear(joined, "head.join"), "head.join_norm").relu();
        hidden = Normalized(Linear(hidden, "head.narrow"), "head.narrow_norm").relu();
        return Linear(hidden, "head.output");
    }

    private Tensor TimeCode(Tensor time)
    {
        var angles = 2 * Math.PI * time * _weights[_block + "time_encoder.frequencies"];
        var x = Linear(cat([angles.sin(), angles.cos()], 1), "time_encoder.first");
        return Linear(x * x.sigmoid(), "time_encoder.second");
    }

    private Tensor Pooled(Tensor x, string layer) =>
        nn.functional.max_pool2d(
            nn.functional.conv2d(x, _weights[_block + layer + ".weight"], _weights[_block + layer + ".bias"], padding: [1, 1]).relu(),
            2L);

    private Tensor Linear(Tensor x, string layer) => x.mm(_weights[_block + layer + ".weight"].t()) + _weights[_block + layer + ".bias"];

    private Tensor Normalized(Tensor x, string layer)
    {
        var centred = x - x.mean([1], keepdim: true);
        return (centred / (centred.square().mean([1], keepdim: true) + 1e-5).sqrt() * _weights[_block + layer + ".weight"])
            + _weights[_block + layer + ".bias"];
    }
}
