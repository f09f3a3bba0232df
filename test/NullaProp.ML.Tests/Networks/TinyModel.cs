using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

/// <summary>A whole model small enough to compute by hand: images of 1×8×8, hidden width 8, three classes.</summary>
internal static class TinyModel
{
    /// <summary>The size of its images.</summary>
    public static readonly ImageShape Shape = new(1, 8, 8);

    /// <summary>Returns a model with weights drawn by a seed; the caller disposes of it.</summary>
    public static Denoiser Create(NoPropOptions? options = null, int classes = 3, int seed = 1)
    {
        using var generator = new Generator((ulong)seed);
        var model = new Denoiser(Weights.Drawn(new RandomStreams(seed), CPU), Small(options ?? new NoPropOptions()), Shape, classes);
        ReadLabels(model, seed);
        return model;
    }

    /// <summary>
    /// Lets a model that is not trained yet read the noisy label: the encoder's last matrix starts at 0, and a test of what follows from z
    /// would test nothing.
    /// </summary>
    public static void ReadLabels(Denoiser model, int seed = 1)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        const string last = "label_encoder.second.weight";
        foreach (var (name, value) in model.Weights.Values.Where(weight => weight.Key.EndsWith(last, StringComparison.Ordinal)))
        {
            value.copy_(Initializers.FanIn(value.shape[1])(value.shape, new RandomStreams(seed).Of($"test/{name}")));
        }
    }

    /// <summary>Gives batch normalisations averages as training would leave them.</summary>
    public static void SetAverages(Denoiser model, Generator generator)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        foreach (var (name, value) in model.Weights.Values.Where(weight => weight.Key.Contains(".running_", StringComparison.Ordinal)))
        {
            value.copy_(rand(value.shape, generator: generator) + (name.EndsWith("var", StringComparison.Ordinal) ? 0.5 : 0));
        }
    }

    /// <summary>
    /// Returns options for networks of width 8; learned embeddings are as long, unless options say otherwise, so that z is added to its
    /// code as in the JAX reference.
    /// </summary>
    public static NoPropOptions Small(NoPropOptions options)
    {
        var isUsual =
            options.Embedding.Dimension == new NoPropOptions().Embedding.Dimension
            || options.Embedding.Dimension == NoPropOptions.JaxReference.Embedding.Dimension;
        return options with
        {
            HiddenSize = 8,
            Embedding = options.Embedding with { Dimension = isUsual ? 8 : options.Embedding.Dimension },
        };
    }

    /// <summary>Returns a model whose logits are these, whatever it is shown: all weights of the networks 0 but the last bias.</summary>
    public static Denoiser WithLogits(NoPropOptions options, params float[] logits)
    {
        var model = Create(options, logits.Length);
        SetZero(model);
        Set(model, "head.output.bias", logits);
        return model;
    }

    /// <summary>
    /// Lets the networks read the sign of the noisy label's first number and nothing else: class 1 where it is positive, else class 0,
    /// by some 100 logits. Behind the first layer one of two units is above 0, and a layer norm leaves nothing of its size.
    /// </summary>
    public static void ReadSignOfLabel(Denoiser model)
    {
        SetZero(model);
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        foreach (var (name, value) in model.Weights.Values)
        {
            switch (string.Join('.', name.Split('.').TakeLast(3)))
            {
                case "label_encoder.first.weight":
                    Set(value, (0, 0, 1), (1, 0, -1));
                    break;
                case "label_encoder.second.weight" or "head.narrow.weight":
                    Set(value, (0, 0, 1), (1, 1, 1));
                    break;
                case "head.join.weight":
                    var hidden = value.shape[0]; // the label's share stands behind the image's
                    Set(value, (0, hidden, 1), (1, hidden + 1, 1));
                    break;
                case "head.join_norm.weight" or "head.narrow_norm.weight":
                    value.fill_(1);
                    break;
                case "head.output.weight":
                    Set(value, (1, 0, 10), (0, 1, 10));
                    break;
            }
        }

        static void Set(Tensor weight, params (long Row, long Column, float Value)[] entries)
        {
            foreach (var (row, column, value) in entries)
            {
                weight.select(0, row).select(0, column).fill_(value);
            }
        }
    }

    /// <summary>Sets a weight.</summary>
    public static void Set(Denoiser model, string name, params float[] values)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var weight = Weight(model, name);
        weight.copy_(tensor(values).view(weight.shape));
    }

    /// <summary>Returns a weight; it stays the model's.</summary>
    public static Tensor Weight(Denoiser model, string name) => model.Weights.Values.Single(weight => weight.Key == name).Value;

    /// <summary>Returns images of random pixels with these labels; the caller disposes of them.</summary>
    public static ImageBatch Batch(int seed, params long[] labels)
    {
        using var generator = new Generator((ulong)seed);
        return new ImageBatch(Pixels(labels.Length, generator), tensor(labels));
    }

    /// <summary>Returns the first step of a training by a seed.</summary>
    public static TrainingContext Training(int seed = 1, ScalarType precision = ScalarType.Float32) =>
        new(new RandomStreams(seed), "training", Epoch: 0, Step: 0, precision);

    /// <summary>Returns the class embeddings as a matrix, (K, D).</summary>
    public static Tensor Matrix(this ClassEmbedding embedding) => embedding.Current().Of(arange(embedding.Classes));

    /// <summary>Returns random images, (n, 1, 8, 8).</summary>
    public static Tensor Pixels(int count, Generator generator) => rand([count, 1, 8, 8], generator: generator);

    /// <summary>Returns the image's share of a model of a single block, (B, H).</summary>
    public static Tensor ImageShare(this Denoiser model, Tensor pixels) =>
        model.Blocks.Single().ImageShare(model.Normalization.Apply(pixels));

    /// <summary>Returns the logits of a model of a single block, (B, K).</summary>
    public static Tensor Logits(this Denoiser model, Tensor imageShare, Tensor z, Tensor time) =>
        model.Blocks.Single().Logits(imageShare, z, time);

    private static void SetZero(Denoiser model)
    {
        using var mode = no_grad();
        foreach (var (_, value) in model.Weights.Values.Where(weight => IsNetwork(weight.Key)))
        {
            value.zero_();
        }
    }

    private static bool IsNetwork(string name) =>
        !name.StartsWith("schedule.", StringComparison.Ordinal)
            && !name.StartsWith("embedding.", StringComparison.Ordinal)
            && !name.StartsWith("normalization.", StringComparison.Ordinal);
}
