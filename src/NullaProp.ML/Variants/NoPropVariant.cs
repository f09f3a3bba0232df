using System.Text.Json.Serialization;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;

namespace NullaProp.ML;

/// <summary>
/// What is trained: <see cref="ContinuousTime"/>, <see cref="DiscreteTime"/>, <see cref="FlowMatching"/>, or
/// <see cref="CrossEntropyBaseline"/> to compare with. Each carries the options that it alone has.
/// </summary>
/// <remarks>A closed family: another member is a folder beside these, and a line here.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ContinuousTime), nameof(ContinuousTime))]
[JsonDerivedType(typeof(DiscreteTime), nameof(DiscreteTime))]
[JsonDerivedType(typeof(FlowMatching), nameof(FlowMatching))]
[JsonDerivedType(typeof(CrossEntropyBaseline), nameof(CrossEntropyBaseline))]
public abstract record NoPropVariant
{
    private protected NoPropVariant()
    {
    }

    /// <summary>
    /// Gets the names that the parameters of its blocks start with; one empty name where a single block serves all times.
    /// </summary>
    internal virtual IReadOnlyList<string> BlockNames => [string.Empty];

    /// <summary>Gets a value indicating whether it has blocks with an image network each; else one network serves all times.</summary>
    internal virtual bool HasBlocks => false;

    /// <summary>Gets a value indicating whether a score goes a way from noise to label; else the network is evaluated once.</summary>
    internal virtual bool GoesFromNoiseToLabel => true;

    /// <summary>Gets a value indicating whether its blocks read the time.</summary>
    internal virtual bool ReadsTime => true;

    /// <summary>Gets in words which of its options could be the reason where a training diverges; empty where none could.</summary>
    internal virtual string SteadierChoice => string.Empty;

    /// <summary>Gets what follows the last linear layer of the paper's image network.</summary>
    internal virtual PaperEnding PaperEnding => PaperEnding.ReLU;

    /// <summary>Returns what of the options contradicts itself or has no effect, in sentences.</summary>
    /// <param name="options">The options, whose variant this is.</param>
    internal abstract IEnumerable<string> Faults(NoPropOptions options);

    /// <summary>Returns the noise schedule over parameters of the model.</summary>
    /// <param name="scope">The scope of its parameters.</param>
    internal abstract NoiseSchedule Schedule(WeightScope scope);

    /// <summary>Returns whether a schedule is one that this variant can have; a trained or edited one may not be.</summary>
    /// <param name="schedule">The schedule.</param>
    internal virtual bool HasSchedule(NoiseSchedule schedule) => true;

    /// <summary>
    /// Returns the noise levels of its blocks and that which the last one leads to, rising; none where one block serves all times.
    /// </summary>
    /// <param name="schedule">The noise schedule.</param>
    internal virtual IReadOnlyList<NoiseLevel> Levels(NoiseSchedule schedule) => [];

    /// <summary>Returns what reads the class from the noisy label alone.</summary>
    /// <param name="scope">The scope of its parameters.</param>
    /// <param name="embedding">The class embeddings.</param>
    internal abstract LabelReadout Readout(WeightScope scope, ClassEmbedding embedding);

    /// <summary>Returns the plan by which a model scores.</summary>
    /// <param name="model">The model.</param>
    /// <param name="schedule">Its noise schedule, or a stand-in where its parameters are still to come.</param>
    /// <param name="sampling">How to score.</param>
    internal abstract SamplingPlan Plan(Denoiser model, NoiseSchedule schedule, Sampling sampling);

    /// <summary>Returns how a model is trained, one pass over the data for each entry.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options, whose variant this is.</param>
    /// <param name="streams">The streams of the training.</param>
    internal abstract TrainingPasses Passes(Denoiser model, NoPropOptions options, RandomStreams streams);

    /// <summary>Returns sentences about options of sampling that this variant has no use for.</summary>
    /// <param name="sampling">How to score.</param>
    /// <param name="reason">Why it has no use for them.</param>
    /// <param name="names">Their names.</param>
    private protected IEnumerable<string> Unused(Sampling sampling, string reason, params string[] names)
    {
        var usual = new Sampling();
        var changed = OptionProperty.Of(typeof(Sampling))
            .Select(option => option.Property)
            .Where(option => names.Contains(option.Name) && !Equals(option.GetValue(sampling), option.GetValue(usual)))
            .Select(option => option.Name)
            .ToList();
        if (changed.Count > 0)
        {
            yield return $"{string.Join(" and ", changed)} of {nameof(Sampling)} {(changed.Count == 1 ? "is" : "are")} set, but "
                + $"{GetType().Name} {reason}: leave "
                + $"{(changed.Count == 1 ? "it" : "them")} out.";
        }
    }
}
