using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

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
        }

        if (o.LabelColumnName == o.PredictedLabelColumnName)
        {
            yield return
                $"{nameof(o.PredictedLabelColumnName)} is '{o.LabelColumnName}', which is the {nameof(o.LabelColumnName)}, too: an "
                + "evaluation would compare the predictions with themselves.";
        }

        var outputs = names[3..]
            .Where(output => !string.IsNullOrWhiteSpace(output.Name))
            .GroupBy(output => output.Name, output => output.Option);
        foreach (var options in outputs.Where(options => options.Count() > 1))
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

        if (o is { Backbone: NoPropBackbone.Custom, BackbonePrecision: BackbonePrecision.BFloat16 })
        {
            yield return $"{nameof(o.BackbonePrecision)} is {o.BackbonePrecision}, but {nameof(o.Backbone)} {o.Backbone} computes in the "
                + $"single precision of its own parameters: choose {BackbonePrecision.Automatic} or {BackbonePrecision.Full}.";
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

        if (o.Variant is DiscreteTime)
        {
            yield return $"{nameof(o.Variant)} is {nameof(DiscreteTime)}, whose blocks have an image network each, but {kind} has 15.9 "
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

/// <summary>
/// One option: where it stands, and the range that its attribute states. Validation, the documented table and the tests of boundaries read
/// it here.
/// </summary>
/// <param name="Property">The property of an options record.</param>
/// <param name="Range">Its range; <see langword="null"/> where its type alone limits it.</param>
internal sealed record OptionProperty(PropertyInfo Property, RangeAttribute? Range)
{
    /// <summary>Gets the name by which messages call it: with the record's where that is nested.</summary>
    public string Name =>
        Property.ReflectedType == typeof(NoPropOptions) ? Property.Name : $"{Property.ReflectedType!.Name}.{Property.Name}";

    /// <summary>Gets a value indicating whether it decides the model's parameters.</summary>
    public bool DecidesParameters => Property.IsDefined(typeof(DecidesParametersAttribute));

    /// <summary>Returns the options of a record, without those nested in it.</summary>
    /// <param name="record">The type of the record.</param>
    public static IReadOnlyList<OptionProperty> Of(Type record) =>
    [
        .. record.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanWrite)
            .Select(property => new OptionProperty(property, property.GetCustomAttribute<RangeAttribute>())),
    ];

    /// <summary>Returns what is wrong with the option's value, or <see langword="null"/>.</summary>
    /// <param name="record">The record that holds it.</param>
    public string? Fault(object record)
    {
        var value = Property.GetValue(record);
        return value switch
        {
            null => null, // what may be null has no range then
            Enum choice when !Enum.IsDefined(choice.GetType(), choice) =>
                $"{Name} is {choice}, but must be one of {string.Join(", ", Enum.GetNames(choice.GetType()))}.",
            _ when Range is not null && !Contains(Convert.ToDouble(value, CultureInfo.InvariantCulture)) =>
                string.Create(CultureInfo.InvariantCulture, $"{Name} is {value}, but must be {RangeText()}."),
            _ => null,
        };
    }

    /// <summary>Returns the range in words.</summary>
    public string RangeText() => Convert.ToDouble(Range!.Maximum, CultureInfo.InvariantCulture) >= long.MaxValue
        ? string.Create(CultureInfo.InvariantCulture, $"{Range.Minimum} or more")
        : Range.MinimumIsExclusive
        ? string.Create(CultureInfo.InvariantCulture, $"above {Range.Minimum} and at most {Range.Maximum}")
        : string.Create(CultureInfo.InvariantCulture, $"from {Range.Minimum} to {Range.Maximum}");

    private bool Contains(double value)
    {
        var (lowest, highest) =
            (Convert.ToDouble(Range!.Minimum, CultureInfo.InvariantCulture), Convert.ToDouble(Range.Maximum, CultureInfo.InvariantCulture));
        return (Range.MinimumIsExclusive ? value > lowest : value >= lowest) && value <= highest; // false for NaN
    }
}
