using System.Buffers;
using System.Globalization;
using System.Text;

namespace NullaProp.ML;

/// <summary>Finds every fault in a set of options and reports all of them in one exception.</summary>
internal static class OptionsValidator
{
    private const double HighestClassWeight = 1_000_000;

    /// <summary>Checks all options.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentOutOfRangeException">Some are out of range, contradict each other, or have no effect.</exception>
    public static void Validate(NoPropOptions options)
    {
        var faults = Faults(options).ToList();
        if (faults.Count > 0)
        {
            var count = faults.Count == 1 ? "a fault" : string.Create(CultureInfo.InvariantCulture, $"{faults.Count} faults");
            throw new ArgumentOutOfRangeException(nameof(options), $"The options have {count}: {string.Join(" ", faults)}");
        }
    }

    private static IEnumerable<string> Faults(NoPropOptions o)
    {
        (string Name, object? Value)[] nested =
        [
            (nameof(o.Variant), o.Variant), (nameof(
                o.Embedding), o.Embedding), (nameof(o.Augmentation), o.Augmentation), (nameof(o.Sampling), o.Sampling),
        ];
        if (Array.Exists(nested, record => record.Value is null))
        {
            return nested
                .Where(record => record.Value is null)
                .Select(record => $"{record.Name} is null, but must be a record of options. Leave it out for the defaults.");
        }

        object[] records = [o, .. nested.Select(record => record.Value!)];
        return
        [
            .. Columns(o),
            .. records.SelectMany(record => OptionProperty.Of(record.GetType()).Select(option => option.Fault(record))).OfType<string>(),
            .. new[]
            {
                Shape(o.ImageShape, o.Backbone.SmallestSide()),
                Weights(o.ClassWeights),
                Path(o.BackboneWeightsPath),
            }.OfType<string>(),
            .. Backbone(o),
            .. o.Backbone.IsPretrained() ? Pretrained(o) : [],
            .. o.Embedding.Faults(),
            .. OfSampling(o.Sampling),
            .. o.Variant.Faults(o),
        ];
    }

    /// <summary>Returns whether a file keeps a name as it is: no surrogate stands without its other half.</summary>
    /// <param name="name">The name.</param>
    public static bool IsText(string name)
    {
        for (var (i, used) = (0, 0); i < name.Length; i += used)
        {
            if (Rune.DecodeFromUtf16(name.AsSpan(i), out _, out used) != OperationStatus.Done)
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<string> Columns(NoPropOptions o)
    {
        (string Option, string? Name, bool IsNeeded)[] names =
        [
            (nameof(o.LabelColumnName), o.LabelColumnName, true),
            (nameof(o.FeatureColumnName), o.FeatureColumnName, true),
            (nameof(o.ExampleWeightColumnName), o.ExampleWeightColumnName, false),
            (nameof(o.ScoreColumnName), o.ScoreColumnName, true),
            (nameof(o.PredictedLabelColumnName), o.PredictedLabelColumnName, true),
            (nameof(Sampling.EntropyColumnName), o.Sampling.EntropyColumnName, false),
            (nameof(Sampling.DisagreementColumnName), o.Sampling.DisagreementColumnName, false),
        ];
        foreach (var (option, name, isNeeded) in names)
        {
            if (string.IsNullOrWhiteSpace(name) && (isNeeded || name is not null))
            {
                yield return $"{option} is empty, but must name a column{(isNeeded ? string.Empty : ", or be null for no such column")}.";
            }
            else if (name is not null && !IsText(name))
            {
                yield return
                    $"{option} is '{name}', which holds a surrogate without its other half: no file keeps it. Choose another name.";
            }
        }

        var outputs = names[3..].Where(output => !string.IsNullOrWhiteSpace(output.Name)).ToList();
        foreach (var (option, name, _) in outputs.Where(output => output.Name == o.LabelColumnName))
        {
            yield return $"{option} is '{name}', which is the {nameof(o.LabelColumnName)}, too: an evaluation would "
                + (option == nameof(o.PredictedLabelColumnName) ? "compare the predictions with themselves." : "take it for the labels.");
        }

        var byName = outputs.GroupBy(output => output.Name, output => output.Option);
        foreach (var options in byName.Where(options => options.Count() > 1))
        {
            yield return $"{string.Join(" and ", options)} are {(options.Count() == 2 ? "both" : "all")} '{options.Key}', but must differ.";
        }
    }

    private static IEnumerable<string> Backbone(NoPropOptions o)
    {
        if (o.Backbone == NoPropBackbone.Custom && string.IsNullOrWhiteSpace(o.BackboneName))
        {
            yield return $"{nameof(o.BackboneName)} is empty, but {nameof(o.Backbone)} {o.Backbone} needs one: that "
                + $"which {nameof(NoPropBackbones)}.{nameof(NoPropBackbones.Register)} gave to the module, or, where the trainer is given "
                + "the module itself, that under which a process that loads the model will register it.";
        }

        if (o.Backbone != NoPropBackbone.Custom && o.BackboneName is not null)
        {
            yield return $"{nameof(o.BackboneName)} is '{o.BackboneName}', but {nameof(o.Backbone)} is {o.Backbone}: set it to "
                + $"{NoPropBackbone.Custom}, or leave the name out.";
        }

        if (o.FineTuning != FineTuning.Automatic && !o.Backbone.IsPretrained())
        {
            yield return $"{nameof(o.FineTuning)} is {o.FineTuning}, but {nameof(o.Backbone)} is {o.Backbone}, all of which is trained: "
                + $"leave it out, or choose {NoPropBackbone.PretrainedResNet18}.";
        }

        if (o.BackbonePrecision == BackbonePrecision.BFloat16 && (o.Backbone == NoPropBackbone.Custom || o.Backbone.IsPretrained()))
        {
            yield return $"{nameof(o.BackbonePrecision)} is {o.BackbonePrecision}, but {nameof(o.Backbone)} {o.Backbone} computes in the "
                + $"single precision of its parameters: choose {BackbonePrecision.Automatic} or {BackbonePrecision.Full}.";
        }
    }

    private static IEnumerable<string> Pretrained(NoPropOptions o)
    {
        var kind = $"{nameof(o.Backbone)} {o.Backbone}";
        if (o.ImageShape is { } shape && shape != BackboneTraits.PhotoShape)
        {
            yield return $"{nameof(o.ImageShape)} is {shape}, but {kind} was trained on {BackboneTraits.PhotoShape}: leave it out, and "
                + "make the images of that size (LoadImageFiles or ResizeImages).";
        }

        if (o.Variant.HasBlocks)
        {
            yield return $"{nameof(o.Variant)} is {o.Variant.GetType().Name}, whose blocks have an image network each, but {kind} has 15.9 "
                + "million weights: choose another variant.";
        }

        if (o.Augmentation != Augmentation.None && o.FineTuning != FineTuning.Everything)
        {
            yield return $"{nameof(o.Augmentation)} is set, but what {kind} sees in an image is computed once: leave it out, or set "
                + $"{nameof(o.FineTuning)} to {FineTuning.Everything} (now {o.FineTuning}).";
        }

        if (o.Embedding.Initialization == EmbeddingInitialization.PixelMedoid)
        {
            yield return $"Embedding.{nameof(Embedding.Initialization)} is {o.Embedding.Initialization}, but by {kind} training sees no "
                + $"pixels: choose {EmbeddingInitialization.FeatureMedoidBySum}.";
        }
    }

    private static IEnumerable<string> OfSampling(Sampling s)
    {
        if (s.DisagreementColumnName is { } name && s.Draws < 2)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(s.DisagreementColumnName)} is '{name}', but {nameof(s.Draws)} is {s.Draws} and it takes two draws to "
                    + $"disagree: set {nameof(s.Draws)} to 2 or more.");
        }

        if (s.EarlyExit == EarlyExit.WhenClassIsDecided && s.DisagreementColumnName is not null)
        {
            yield return $"{nameof(s.EarlyExit)} is {s.EarlyExit} and {nameof(s.DisagreementColumnName)} is "
                + $"'{s.DisagreementColumnName}', but the draws of an image that "
                + $"leaves early are not all known. Set {nameof(s.EarlyExit)} to {EarlyExit.Never}.";
        }

        var usual = new Sampling();
        if (s.Solver != OdeSolver.Adaptive && s.SolverTolerance != usual.SolverTolerance)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(s.SolverTolerance)} is {s.SolverTolerance}, but {nameof(s.Solver)} is {s.Solver}: choose "
                    + $"{OdeSolver.Adaptive}, or leave the tolerance out.");
        }

        if (s.ScoreReadout != ScoreReadout.NoisyPathMean && s.ReadoutMaxLogSnr != usual.ReadoutMaxLogSnr)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(s.ReadoutMaxLogSnr)} is {s.ReadoutMaxLogSnr}, but {nameof(s.ScoreReadout)} is {s.ScoreReadout}: choose "
                    + $"{ScoreReadout.NoisyPathMean}, or leave it out.");
        }
    }

    private static string? Path(string? value) => value is not null && string.IsNullOrWhiteSpace(value)
        ? $"{nameof(NoPropOptions.BackboneWeightsPath)} is empty, but must name a safetensors file, or be null."
        : null;

    private static string? Shape(ImageShape? shape, int smallestSide) =>
        shape is null || (shape.Channels >= 1 && shape.Height >= smallestSide && shape.Width >= smallestSide && shape.IsAddressable)
            ? null
            : $"{nameof(NoPropOptions.ImageShape)} is {shape}, but needs at least 1 channel and {smallestSide}×{smallestSide} pixels, "
                + $"and at most {int.MaxValue} values.";

    private static string? Weights(ClassWeights? weights)
    {
        var faults = weights?.ByName.Where(pair => !(pair.Value > 0 && pair.Value <= HighestClassWeight)).ToList() ?? [];
        return faults.Count == 0
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(NoPropOptions.ClassWeights)} gives class '{faults[0].Key}' the weight {faults[0].Value}, but a class weight "
                    + $"must be above 0 and at most {HighestClassWeight}.");
    }
}

/// <summary>
/// Marks an option that decides names, shapes or meaning of a model's parameters, so that training can be continued only with the same.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DecidesParametersAttribute : Attribute;
