using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Variants;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class FlowMatchingLossTests
{
    private const int Seed = 23;
    private static readonly long[] Labels = [0, 1, 2, 1, 0];

    [TestMethod]
    [DataRow(VelocityForm.Raw, EmbeddingKind.OneHot, 3, 0.0)]
    [DataRow(VelocityForm.Raw, EmbeddingKind.OneHot, 3, 0.25)]
    [DataRow(VelocityForm.Raw, EmbeddingKind.Learned, 8, 0.0)]
    [DataRow(VelocityForm.Preconditioned, EmbeddingKind.OneHot, 3, 0.25)]
    [DataRow(VelocityForm.Preconditioned, EmbeddingKind.Learned, 8, 0.0)]
    public void Backward_OneBatch_IsTheFormulaInDoublePrecision(VelocityForm form, EmbeddingKind embedding, int dimension, double deviation)
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = form, PathNoise = deviation },
            Embedding = new() { Kind = embedding, Dimension = dimension },
        };
        using var model = TinyModel.Create(options);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, options);

        var training = TinyModel.Training(Seed);
        var reference = new ReferenceModel(model);
        var offset = training.Stream("time").Uniform();
        var time = LossDraws.Column(Enumerable.Range(0, Labels.Length).Select(i => (((double)i / Labels.Length) + offset) % 1));
        var start = training.Stream("start").Normal([Labels.Length, dimension], ScalarType.Float64);
        var clean = reference.Clean(batch.Labels);
        var z = (time * clean) + ((1 - time) * start);
        if (deviation > 0)
        {
            z += deviation * training.Stream("path").Normal([Labels.Length, dimension], ScalarType.Float64);
        }

        var output = reference.Logits(batch.Pixels, z, time).mm(reference.Embedding);
        var isRaw = form == VelocityForm.Raw;
        var variance = (time.square() / 3) + (1 - time).square(); // S, with s² = 1/K
        var velocity = isRaw ? output : (((time / 3) - (1 - time)) / variance * z) + ((variance * 3).rsqrt() * output);
        var weight = isRaw ? ones_like(time) : variance * (9.0 / 4); // 3/(1 + s²)
        var expected = ((velocity - (clean - start)).square().sum(1, keepdim: true) * weight).mean().item<double>();
        var distances = (z + ((1 - time) * velocity)).unsqueeze(1).sub(reference.Embedding.unsqueeze(0)).square().sum(2); // (B, K)
        var anchor = embedding == EmbeddingKind.OneHot
            ? 0
            : ReferenceModel.CrossEntropy(distances * -4, batch.Labels).mean().item<double>(); // ½·8
        Assert.AreEqual(1, terms[0] / expected, 1e-4); // single precision through some ten layers
        Assert.AreEqual(0, terms[1]);
        Assert.AreEqual(anchor, terms[2], 1e-4 * anchor);
    }

    [TestMethod]
    public void Backward_LinearReadOut_IsItsLayerByHandAndTheFactorIsOfTheFirstTermAlone()
    {
        using var scope = NewDisposeScope();
        var variant = new FlowMatching { VelocityForm = VelocityForm.Raw, ReadoutLoss = ReadoutLoss.Linear };
        var options = new NoPropOptions { Variant = variant, Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 8 } };
        using var model = TinyModel.Create(options);
        TinyModel.Set(model, "readout.weight", [.. Enumerable.Range(0, 24).Select(i => MathF.Cos(i))]); // (3, 8)
        TinyModel.Set(model, "readout.bias", 0.3f, -0.2f, 0.1f);
        using var batch = TinyModel.Batch(4, Labels);

        var terms = Backward(model, options);
        var tenth = Backward(model, options with { Variant = variant with { DenoisingFactor = 0.1 } });

        var training = TinyModel.Training(Seed);
        var reference = new ReferenceModel(model);
        var offset = training.Stream("time").Uniform();
        var time = LossDraws.Column(Enumerable.Range(0, Labels.Length).Select(i => (((double)i / Labels.Length) + offset) % 1));
        var start = training.Stream("start").Normal([Labels.Length, 8], ScalarType.Float64);
        var z = (time * reference.Clean(batch.Labels)) + ((1 - time) * start);
        var velocity = reference.Logits(batch.Pixels, z, time).mm(reference.Embedding);
        var logits = LossDraws.LinearLogits(model, z + ((1 - time) * velocity));
        Assert.AreEqual(1, terms[2] / ReferenceModel.CrossEntropy(logits, batch.Labels).mean().item<double>(), 1e-4);
        Assert.AreEqual(0.1, tenth[0] / terms[0], 1e-6);
        Assert.AreEqual(terms[2], tenth[2]);
    }

    [TestMethod]
    public void Backward_FixedEmbeddings_HaveNothingToAnchor()
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions { Variant = new FlowMatching() };
        using var model = TinyModel.Create(options);

        var terms = Backward(model, options);

        Assert.AreEqual(0, terms[2]);
        Assert.IsFalse(model.Weights.Values.Any(weight => weight.Key.StartsWith("readout.", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Backward_LearnedEmbeddings_TheAnchorReachesTheNetwork()
    {
        using var scope = NewDisposeScope();
        var options = new NoPropOptions { Variant = new FlowMatching(), Embedding = new() { Kind = EmbeddingKind.Learned } };
        using var model = TinyModel.Create(options);
        using var strong = TinyModel.Create(options);
        TinyModel.Set(strong, "readout.log_precision", 5);

        Backward(model, options);
        Backward(strong, options);

        var name = "head.output.weight";
        Assert.IsFalse(TinyModel.Weight(model, name).grad!.allclose(TinyModel.Weight(strong, name).grad!));
    }

    [TestMethod]
    [DataRow(VelocityForm.Raw)]
    [DataRow(VelocityForm.Preconditioned)]
    public void Backward_TermsDisposedOf_LeavesNoTensorButGradients(VelocityForm form)
    {
        var options = new NoPropOptions
        {
            Variant = new FlowMatching { VelocityForm = form, PathNoise = 0.1 },
            Embedding = new() { Kind = EmbeddingKind.Learned },
        };
        using var model = TinyModel.Create(options);
        Backward(model, options); // makes the gradients
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        Backward(model, options);

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static double[] Backward(Denoiser model, NoPropOptions options)
    {
        using var batch = TinyModel.Batch(4, Labels);
        using var terms = new FlowMatchingLoss(model, (FlowMatching)options.Variant).Backward(batch, TinyModel.Training(Seed));
        return [.. terms.data<float>().Select(term => (double)term)];
    }
}
