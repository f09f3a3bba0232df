using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>
/// The random numbers that a step of the continuous-time loss draws from a seed, each by its name: one offset of the times, the noise of
/// z, the noise of z₁.
/// </summary>
internal sealed class LossDraws
{
    /// <summary>Draws the numbers for a batch; the tensors live in the caller's dispose scope.</summary>
    public LossDraws(int seed, long count, long dimension)
    {
        var training = TinyModel.Training(seed);
        var offset = training.Stream("time").Uniform();
        Times = [.. Enumerable.Range(0, (int)count).Select(i => (((double)i / count) + offset) % 1)];
        Epsilon = training.Stream("noise").Normal([count, dimension], ScalarType.Float64);
        EndEpsilon = training.Stream("readout").Normal([count, dimension], ScalarType.Float64);
    }

    /// <summary>Gets one time a row: evenly spread over [0, 1), shifted together.</summary>
    public double[] Times { get; }

    /// <summary>Gets the noise of z, (B, D).</summary>
    public Tensor Epsilon { get; }

    /// <summary>Gets the noise of z₁, (B, D).</summary>
    public Tensor EndEpsilon { get; }

    /// <summary>Returns √ᾱ·u + √(1−ᾱ)·ε row by row.</summary>
    public static Tensor AddNoise(Tensor clean, Tensor epsilon, IEnumerable<double> logSnrs)
    {
        var alphaBar = Column(logSnrs.Select(x => 1 / (1 + Math.Exp(-x))));
        return (alphaBar.sqrt() * clean) + ((1 - alphaBar).sqrt() * epsilon);
    }

    /// <summary>Returns the logits of a linear read-out, z·Wᵀ + b, (B, K).</summary>
    public static Tensor LinearLogits(Denoiser model, Tensor z) =>
        z.mm(TinyModel.Weight(model, "readout.weight").to(ScalarType.Float64).t())
            + TinyModel.Weight(model, "readout.bias").to(ScalarType.Float64);

    /// <summary>Returns numbers as a column, (B, 1).</summary>
    public static Tensor Column(IEnumerable<double> values) => tensor(values.ToArray(), dtype: ScalarType.Float64).unsqueeze(1);
}
