using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Onnx;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Onnx;

/// <summary>A model of width 8 and three classes, with images.</summary>
internal sealed class OnnxCase : IDisposable
{
    private readonly ImageShape _shape;
    private readonly int _rows;
    private readonly TorchRunner _runner;

    public OnnxCase(
        NoPropOptions options,
        ImageShape? shape = null,
        int rows = OnnxModelTests.Rows,
        double scale = 1,
        NoPropOptions? network = null)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        options.Validate();
        (_shape, _rows, Options) = (shape ?? TinyModel.Shape, rows, network ?? TinyModel.Small(options));
        Network = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Options, _shape, 3);
        TinyModel.ReadLabels(Network, seed: 3);
        Unsettle(generator);
        var channels = Enumerable.Range(0, _shape.Channels);
        Network.Normalization.Set(
            [.. channels.Select(c => (0.4 + (0.05 * c)) * scale)],
            [.. channels.Select(c => (0.3 + (0.02 * c)) * scale)]);
        var plan = PlanCompiler.For(Network, Options);
        var starts = PriorDraws.Of(Options.Sampling.Draws, Network.Embedding.Dimension, new RandomStreams(5), plan.NoiseCount);
        Stored = new StoredModel(new(Options, _shape, 3, Keys: null, Seed: 5), Network, starts);
        _runner = new TorchRunner(Network, plan, starts);
        Pixels = [.. rand([_rows * _shape.Size], generator: generator).data<float>().Select(x => (float)(x * scale))];
    }

    public NoPropOptions Options { get; }

    public Denoiser Network { get; }

    public StoredModel Stored { get; }

    public float[] Pixels { get; }

    public byte[] File(OnnxExport export)
    {
        using var stream = new MemoryStream();
        new OnnxModel(Stored, _runner.Folded).Write(stream, export.Of(Stored.Shape), image: null, PixelLayout.Planar);
        return stream.ToArray();
    }

    public float[] Probabilities(float[] pixels)
    {
        using var scope = NewDisposeScope();
        return _runner.Probabilities(tensor(pixels).view(_rows, _shape.Channels, _shape.Height, _shape.Width)).data<float>().ToArray();
    }

    public (int[] Shape, float[] Values) Input(OnnxLayout layout)
    {
        using var scope = NewDisposeScope();
        var (c, h, w) = (_shape.Channels, _shape.Height, _shape.Width);
        return layout switch
        {
            OnnxLayout.ChannelsFirst => ([_rows, c, h, w], Pixels),
            OnnxLayout.Vector => ([_rows, _shape.Size], Pixels),
            _ => ([_rows, h, w, c], tensor(Pixels).view(_rows, c, h, w).permute(0, 2, 3, 1).contiguous().data<float>().ToArray()),
        };
    }

    public void Dispose()
    {
        _runner.Dispose();
        Network.Dispose();
    }

    // Norms that change nothing, as those of a new model, and embeddings near 0 would let mistakes pass.
    private void Unsettle(Generator generator)
    {
        using var mode = no_grad();
        foreach (var (name, value) in Network.Weights.Values)
        {
            var (least, most) = name switch
            {
                _ when name.EndsWith("running_var", StringComparison.Ordinal) => (0.8, 1.5),
                _ when name.EndsWith("running_mean", StringComparison.Ordinal) => (-0.2, 0.2),
                _ when name.Contains("bn", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal) => (0.3, 0.6),
                _ when name.Contains("norm", StringComparison.Ordinal) && value.dim() == 1 => (0.5, 1.5),
                "embedding.rows" when Options.Embedding.Kind == EmbeddingKind.Learned => (-1.0, 1.0),
                _ => (0, 0),
            };
            if (most > 0)
            {
                value.copy_(rand(value.shape, generator: generator) * (most - least) + least);
            }
        }
    }
}
