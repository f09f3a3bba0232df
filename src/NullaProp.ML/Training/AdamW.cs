using NullaProp.ML.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// The AdamW optimizer (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), β₁ = 0.9, β₂ = 0.999, ε = 1e-8. TorchSharp's own makes
/// its numbers on the fly, which fails beside a garbage collection (<see cref="Tensors.HeldScalar"/>).
/// </summary>
/// <param name="weights">The weights to train.</param>
/// <param name="weightDecay">The decay of those that are decayed.</param>
/// <param name="includes">Which weights are meant, by name; all of them where nothing is said.</param>
/// <param name="share">By what the learning rate of each weight is multiplied, by name; by 1 where nothing is said.</param>
/// <param name="lossFactor">
/// What the loss is multiplied by at every step: ε is, too, so that a constant changes no step, be it as small as ε.
/// </param>
internal sealed class AdamW(
    Weights weights,
    double weightDecay,
    Func<string, bool>? includes = null,
    Func<string, double>? share = null,
    double lossFactor = 1) : IDisposable
{
    private const double Epsilon = 1e-8; // ε
    private const double LeastFactor = 1e-10; // of ε: below, squares of gradients are 0 in single precision, and ε has to hold steps back

    private readonly List<(FlatWeights Weights, double Share)> _buffers = [];

    // Weights that no gradient has reached so far; they are left alone, weight decay included.
    private readonly List<(double Decay, double Share, Dictionary<string, Parameter> Weights)> _waiting =
    [
        .. Groups(weights.OfRole(WeightRole.Decayed, includes), weightDecay, share),
        .. Groups(weights.OfRole(WeightRole.Undecayed, includes), decay: 0, share),
    ];

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients() => _buffers.ForEach(buffer => buffer.Weights.ZeroGradients());

    /// <summary>Changes the weights by their gradients.</summary>
    /// <param name="rate">The learning rate.</param>
    public void Step(double rate)
    {
        using var scope = NewDisposeScope();
        foreach (var (decay, share, waiting) in _waiting)
        {
            Take(waiting, [.. waiting.Where(weight => weight.Value.grad is not null).Select(weight => weight.Key)], decay, share);
        }

        _buffers.ForEach(buffer => buffer.Weights.Step(rate * buffer.Share));
    }

    /// <summary>Returns what the optimizer remembers of each weight that a gradient has reached, by name.</summary>
    public IReadOnlyDictionary<string, WeightMoments> State() => _buffers.SelectMany(buffer => buffer.Weights.Moments()).ToDictionary();

    /// <summary>Returns whether the optimizer trains a weight that no gradient has reached so far.</summary>
    /// <param name="name">The weight's name.</param>
    public bool Awaits(string name) => _waiting.Exists(group => group.Weights.ContainsKey(name));

    /// <summary>Goes on from what another optimizer of the same weights remembered. Called before the first step.</summary>
    /// <param name="state">From <see cref="State"/>.</param>
    /// <exception cref="ArgumentException">It names a weight that this optimizer does not train.</exception>
    public void Restore(IReadOnlyDictionary<string, WeightMoments> state)
    {
        if (state.Keys.FirstOrDefault(name => !Awaits(name)) is { } unknown)
        {
            throw new ArgumentException(
                $"The optimizer's state names the weight '{unknown}', which this optimizer does not train. Restore it for the same model.",
                nameof(state));
        }

        using var scope = NewDisposeScope();
        foreach (var (decay, share, waiting) in _waiting)
        {
            // Those of one buffer have taken the same steps.
            foreach (var group in waiting.Keys.Where(state.ContainsKey).GroupBy(name => state[name].Steps).ToArray())
            {
                Take(waiting, [.. group], decay, share);
                _buffers[^1].Weights.Restore(state);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers.ForEach(buffer => buffer.Weights.Dispose());

    private static IEnumerable<(double Decay, double Share, Dictionary<string, Parameter> Weights)> Groups(
        IEnumerable<KeyValuePair<string, Parameter>> weights, double decay, Func<string, double>? share) => weights
        .GroupBy(weight => share?.Invoke(weight.Key) ?? 1)
        .Select(group => (decay, group.Key, group.ToDictionary()));

    private void Take(Dictionary<string, Parameter> waiting, IReadOnlyList<string> names, double decay, double share)
    {
        if (names.Count > 0)
        {
            KeyValuePair<string, Parameter>[] taken = [.. names.Select(name => KeyValuePair.Create(name, waiting[name]))];
            _buffers.Add((new FlatWeights(taken, decay, Epsilon * Math.Max(lossFactor, LeastFactor)), share));
            foreach (var name in names)
            {
                waiting.Remove(name);
            }
        }
    }
}

/// <summary>The learning rate of each step.</summary>
/// <param name="options">The highest rate and how it changes.</param>
/// <param name="steps">The number of steps in the whole training, 1 or more.</param>
internal sealed class LearningRates(NoPropOptions options, long steps)
{
    private const double LastStageShare = 0.1;
    private const double ShareFromPartToPart = 2.6;

    private static readonly string[] PartsFromAbove =
        ["backbone.layer4.", "backbone.layer3.", "backbone.layer2.", "backbone.layer1.", "backbone.conv1."];

    /// <summary>
    /// Returns by what the rate of a weight is multiplied: of a pretrained network the last stage by 0.1, and each part below by the share
    /// of that above over 2.6 (Howard and Ruder 2018, arXiv 1801.06146, section 3.2); what is new, by 1.
    /// </summary>
    /// <param name="options">The kind of network.</param>
    /// <param name="name">The weight's name.</param>
    public static double Share(NoPropOptions options, string name)
    {
        var below = options.Backbone.IsPretrained()
            ? Array.FindIndex(PartsFromAbove, part => name.StartsWith(part, StringComparison.Ordinal))
            : -1;
        return below < 0 ? 1 : LastStageShare / Math.Pow(ShareFromPartToPart, below);
    }

    /// <summary>Returns the learning rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    public double At(long step)
    {
        var warmup = (long)Math.Ceiling(options.WarmupFraction * steps);
        if (step < warmup)
        {
            return options.LearningRate * (step + 1) / warmup;
        }

        if (options.LearningRateSchedule == LearningRateSchedule.Constant)
        {
            return options.LearningRate;
        }

        var progress = (step - warmup) / (double)Math.Max(1L, steps - warmup);
        return options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
