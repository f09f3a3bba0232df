using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.StraightPort;
using NullaProp.ML.Benchmarks.Workloads;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The straight port and ours score the same images from the same start by Heun's method.</summary>
internal sealed class ScoringDuel : IDisposable
{
    public const string Port = "straight port";
    public const string Own = "ours";

    /// <summary>The first image that no model was trained on.</summary>
    private const int FirstImage = 1_000_000;

    private readonly int _steps;
    private readonly Tensor _start; // z₀, (n, D)
    private readonly PortModel _port;
    private readonly TorchRunner _runner;
    private readonly (Tensor Raw, Tensor Normalized)[] _batches;
    private readonly (float[] Port, float[] Own)[] _scores; // by batch, B × K each

    /// <summary>Prepares the images.</summary>
    /// <param name="model">The model, with the JAX reference's settings.</param>
    /// <param name="batch">The number of images in a run.</param>
    /// <param name="steps">T.</param>
    /// <param name="batches">The number of batches, used in turns.</param>
    public ScoringDuel(TrainedModel model, int batch, int steps, int batches)
    {
        (_start, _steps) = (model.Starts.ToTensor(), steps);
        _port = PortWeights.Copy(model.Network);
        _runner = model.Runner(steps);
        _scores = new (float[], float[])[batches];
        _batches = [.. Enumerable.Range(0, batches).Select(i =>
        {
            var raw = ImageTensors.Raw(FirstImage + (i * batch), batch);
            return (raw, ImageTensors.Normalized(model.Network, raw));
        })];
    }

    /// <summary>Returns the contestants.</summary>
    /// <param name="withPort">Whether the port takes part.</param>
    public Contestant[] Contestants(bool withPort) => withPort ? [new(Port, RunPort), new(Own, RunOwn)] : [new(Own, RunOwn)];

    /// <summary>Returns on how many images both found the same class, as a share of those that both have scored.</summary>
    public double SameClassShare()
    {
        var images = Images().ToArray();
        return images.Count(image => Best(image.Port) == Best(image.Own)) / (double)images.Length;
    }

    /// <summary>Returns how far the scores of each image are apart: the largest difference of its probabilities.</summary>
    public Spread Differences() =>
        Spread.Of(Images().Select(image => image.Port.Zip(image.Own, (a, b) => (double)Math.Abs(a - b)).Aggregate(Math.Max)));

    /// <summary>
    /// Returns how sure ours is of each image: its largest probability. Near 1 everywhere, the same class would be no feat.
    /// </summary>
    public Spread Certainties() => Spread.Of(Images().Select(image => (double)image.Own.Max()));

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Dispose();
        _port.Dispose();
        _start.Dispose();
        foreach (var (raw, normalized) in _batches)
        {
            raw.Dispose();
            normalized.Dispose();
        }
    }

    private void RunPort(int round)
    {
        var slot = round % _batches.Length;
        _scores[slot].Port = Scores(() => PortHeun.Probabilities(_port, _batches[slot].Normalized, _start, _steps));
    }

    private void RunOwn(int round)
    {
        var slot = round % _batches.Length;
        _scores[slot].Own = Scores(() => _runner.Probabilities(_batches[slot].Raw));
    }

    private static float[] Scores(Func<Tensor> score)
    {
        using var probabilities = score(); // (B, K)
        return probabilities.data<float>().ToArray();
    }

    private static int Best(float[] scores) => Array.IndexOf(scores, scores.Max());

    private IEnumerable<(float[] Port, float[] Own)> Images() =>
        from pair in _scores
        where pair is { Port: not null, Own: not null }
        from image in pair.Port.Chunk(SyntheticImages.Classes).Zip(pair.Own.Chunk(SyntheticImages.Classes))
        select image;
}
