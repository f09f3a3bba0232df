using System.Globalization;

namespace NullaProp.ML;

/// <summary>Finds every fault in a set of options and reports all of them in one exception.</summary>
internal static class OptionsValidator
{
    private const double HighestClassWeight = 1_000_000;

    public static void Validate(NoPropOptions options)
    {
        var faults = Faults(options).ToList();
        if (faults.Count > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"The options have {Count(faults)}: {string.Join(" ", faults)}");
        }
    }

    private static string Count(List<string> faults) => faults.Count == 1 ? "a fault" : string.Create(CultureInfo.InvariantCulture, $"{faults.Count} faults");

    private static IEnumerable<string> Faults(NoPropOptions o)
    {
        IEnumerable<string?> found =
        [
            Named(nameof(o.LabelColumnName), o.LabelColumnName),
            Named(nameof(o.FeatureColumnName), o.FeatureColumnName),
            NamedOrNull(nameof(o.ExampleWeightColumnName), o.ExampleWeightColumnName),
            Named(nameof(o.ScoreColumnName), o.ScoreColumnName),
            Named(nameof(o.PredictedLabelColumnName), o.PredictedLabelColumnName),
            NamedOrNull(nameof(o.EntropyColumnName), o.EntropyColumnName),
            NamedOrNull(nameof(o.DisagreementColumnName), o.DisagreementColumnName),
            .. Different(o),
            Shape(o.ImageShape, o.Backbone.SmallestSide()),
            Within(nameof(o.Epochs), o.Epochs, 1, 100_000),
            Within(nameof(o.BatchSize), o.BatchSize, 1, 65_536),
            Above(nameof(o.LearningRate), o.LearningRate, 0, 10),
            Within(nameof(o.WeightDecay), o.WeightDecay, 0, 1),
            Defined(nameof(o.LearningRateSchedule), o.LearningRateSchedule),
            Within(nameof(o.WarmupFraction), o.WarmupFraction, 0, 1),
            Within(nameof(o.EarlyStoppingPatience), o.EarlyStoppingPatience, 0, 100_000),
            Defined(nameof(o.ClassWeighting), o.ClassWeighting),
            Weights(o.ClassWeights),
            Within(nameof(o.RandomCropPadding), o.RandomCropPadding, 0, 64),
            Within(nameof(o.HorizontalFlipProbability), o.HorizontalFlipProbability, 0, 1),
            Within(nameof(o.RotationDegrees), o.RotationDegrees, 0, 180),
            Within(nameof(o.MaxCachedBytes), o.MaxCachedBytes, 65_536, long.MaxValue),
            Defined(nameof(o.Variant), o.Variant),
            Within(nameof(o.BlockCount), o.BlockCount, 1, 1_000),
            Defined(nameof(o.BlockPlacement), o.BlockPlacement),
            Between(o),
            Within(nameof(o.FlowNoise), o.FlowNoise, 0, 1),
            Defined(nameof(o.VelocityForm), o.VelocityForm),
            Defined(nameof(o.Backbone), o.Backbone),
            OwnModule(o),
            Defined(nameof(o.BackbonePrecision), o.BackbonePrecision),
            OwnPrecision(o),
            Path(nameof(o.BackboneWeightsPath), o.BackboneWeightsPath),
            Defined(nameof(o.Embedding), o.Embedding),
            Defined(nameof(o.EmbeddingInitialization), o.EmbeddingInitialization),
            Within(nameof(o.EmbeddingDimension), o.EmbeddingDimension, 1, 65_536),
            Within(nameof(o.HiddenSize), o.HiddenSize, 1, 65_536),
            Defined(nameof(o.NoiseSchedule), o.NoiseSchedule),
            Within(nameof(o.NoiseScheduleHiddenSize), o.NoiseScheduleHiddenSize, 1, 65_536),
            Within(nameof(o.LogSnrAtNoise), o.LogSnrAtNoise, -20, 20),
            Within(nameof(o.LogSnrAtLabel), o.LogSnrAtLabel, -20, 20),
            Rising(o),
            Defined(nameof(o.TimeSampling), o.TimeSampling),
            Invertible(o),
            Defined(nameof(o.LossWeighting), o.LossWeighting),
            Bound(o),
            Above(nameof(o.DenoisingFactor), o.DenoisingFactor, 0, 1_000),
            Defined(nameof(o.DenoisingLoss), o.DenoisingLoss),
            Defined(nameof(o.PriorLoss), o.PriorLoss),
            Defined(nameof(o.ReadoutLoss), o.ReadoutLoss),
            Anchored(o),
            Defined(nameof(o.Dynamics), o.Dynamics),
            Defined(nameof(o.Solver), o.Solver),
            ExactStep(o),
            RandomStart(o),
            Within(nameof(o.SolverSteps), o.SolverSteps, 1, 10_000),
            Within(nameof(o.SolverTolerance), o.SolverTolerance, 1e-4, 1),
            Defined(nameof(o.ScoreReadout), o.ScoreReadout),
            Within(nameof(o.ReadoutMaxLogSnr), o.ReadoutMaxLogSnr, -20, 20),
            Defined(nameof(o.EarlyExit), o.EarlyExit),
            AllDraws(o),
            Within(nameof(o.Draws), o.Draws, 0, 1_024),
            Voted(o),
        ];
        return found.OfType<string>();
    }

    private static string? Named(string name, string value) =>
        string.IsNullOrWhiteSpace(value) ? $"{name} is empty, but must name a column." : null;

    private static string? OwnModule(NoPropOptions o) =>
        o.Backbone == BackboneKind.Custom && string.IsNullOrWhiteSpace(o.BackboneName)
            ? $"{nameof(o.BackboneName)} is empty, but {nameof(o.Backbone)} {o.Backbone} needs the name that {nameof(NoPropBackbones)}.{nameof(NoPropBackbones.Register)} gave to the module."
            : null;

    private static string? OwnPrecision(NoPropOptions o) =>
        o.Backbone == BackboneKind.Custom && o.BackbonePrecision == BackbonePrecision.BFloat16
            ? $"{nameof(o.BackbonePrecision)} is {o.BackbonePrecision}, but {nameof(o.Backbone)} {o.Backbone} computes in the single precision of its own weights: choose {BackbonePrecision.Automatic} or {BackbonePrecision.Full}."
            : null;

    private static string? Path(string name, string? value) =>
        value is not null && string.IsNullOrWhiteSpace(value) ? $"{name} is empty, but must name a safetensors file, or be null." : null;

    private static string? NamedOrNull(string name, string? value) =>
        value is null || !string.IsNullOrWhiteSpace(value) ? null : $"{name} is empty, but must name a column, or be null for no such column.";

    private static IEnumerable<string> Different(NoPropOptions o)
    {
        (string Option, string? Name)[] outputs =
        [
            (nameof(o.ScoreColumnName), o.ScoreColumnName),
            (nameof(o.PredictedLabelColumnName), o.PredictedLabelColumnName),
            (nameof(o.EntropyColumnName), o.EntropyColumnName),
            (nameof(o.DisagreementColumnName), o.DisagreementColumnName),
        ];
        return outputs.Where(output => !string.IsNullOrWhiteSpace(output.Name)).GroupBy(output => output.Name, output => output.Option)
            .Where(options => options.Count() > 1)
            .Select(options => $"{string.Join(" and ", options)} are {(options.Count() == 2 ? "both" : "all")} '{options.Key}', but must differ.");
    }

    private static string? Voted(NoPropOptions o) =>
        o.DisagreementColumnName is { } name && o.Draws < 2
            ? string.Create(CultureInfo.InvariantCulture, $"{nameof(o.DisagreementColumnName)} is '{name}', but {nameof(o.Draws)} is {o.Draws} and it takes two draws to disagree: set {nameof(o.Draws)} to 2 or more.")
            : null;

    private static string? Shape(ImageShape? shape, int smallestSide) =>
        shape is null || (shape.Channels >= 1 && shape.Height >= smallestSide && shape.Width >= smallestSide && (Int128)shape.Channels * shape.Height * shape.Width <= int.MaxValue)
            ? null
            : $"{nameof(NoPropOptions.ImageShape)} is {shape}, but needs at least 1 channel and {smallestSide}×{smallestSide} pixels, and at most {int.MaxValue} values.";

    private static string? Weights(ClassWeights? weights)
    {
        var faults = weights?.ByName.Where(pair => !(pair.Value > 0 && pair.Value <= HighestClassWeight)).ToList() ?? [];
        return faults.Count == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{nameof(NoPropOptions.ClassWeights)} gives class '{faults[0].Key}' the weight {faults[0].Value}, but a class weight must be above 0 and at most {HighestClassWeight}.");
    }

    private static string? Within(string name, double value, double lowest, double highest) =>
        value >= lowest && value <= highest
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, but must be from {lowest} to {highest}.");

    private static string? Above(string name, double value, double bound, double highest) =>
        value > bound && value <= highest
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, but must be above {bound} and at most {highest}.");

    private static string? Defined(string name, Enum value) =>
        Enum.IsDefined(value.GetType(), value) ? null : $"{name} is {value}, but must be one of {string.Join(", ", Enum.GetNames(value.GetType()))}.";

    private static string? Rising(NoPropOptions o) =>
        o.LogSnrAtNoise < o.LogSnrAtLabel
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{nameof(o.LogSnrAtNoise)} is {o.LogSnrAtNoise}, but must be below {nameof(o.LogSnrAtLabel)}, which is {o.LogSnrAtLabel}.");

    private static string? Bound(NoPropOptions o) =>
        o.NoiseSchedule == NoiseScheduleKind.LearnedJointly && o.LossWeighting != LossWeighting.SnrDerivative
            ? $"{nameof(o.NoiseSchedule)} is {o.NoiseSchedule} and {nameof(o.LossWeighting)} is {o.LossWeighting}, but a schedule trained by the loss needs {LossWeighting.SnrDerivative}: under any other weight it learns to avoid the hard noise levels. Choose {NoiseScheduleKind.Learned}."
            : null;

    private static string? Between(NoPropOptions o) =>
        o.Variant != NoPropVariant.DiscreteTime || o.BlockPlacement != BlockPlacement.BeforeLabelShows || (o.BlockMaxLogSnr > o.LogSnrAtNoise && o.BlockMaxLogSnr < o.LogSnrAtLabel)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{nameof(o.BlockMaxLogSnr)} is {o.BlockMaxLogSnr}, but must lie between {nameof(o.LogSnrAtNoise)}, which is {o.LogSnrAtNoise}, and {nameof(o.LogSnrAtLabel)}, which is {o.LogSnrAtLabel}.");

    private static string? Anchored(NoPropOptions o) =>
        o.Variant is NoPropVariant.DiscreteTime or NoPropVariant.FlowMatching && o.ReadoutLoss == ReadoutLoss.Denoiser
            ? $"{nameof(o.ReadoutLoss)} is {o.ReadoutLoss}, but {nameof(o.Variant)} {o.Variant} has no network for t = 1 to read from. Choose {ReadoutLoss.NoisyLabel} or {ReadoutLoss.Linear}."
            : null;

    private static string? Invertible(NoPropOptions o) =>
        o.Variant == NoPropVariant.ContinuousTime && o.TimeSampling == TimeSampling.UniformInLogSnr && o.NoiseSchedule is (NoiseScheduleKind.Learned or NoiseScheduleKind.LearnedJointly)
            ? $"{nameof(o.TimeSampling)} is {o.TimeSampling} and {nameof(o.NoiseSchedule)} is {o.NoiseSchedule}, but times drawn evenly over log-SNR leave a learned schedule nothing to learn. Set {nameof(o.NoiseSchedule)} to {NoiseScheduleKind.LinearLogSnr} or {NoiseScheduleKind.Cosine}."
            : null;

    private static string? ExactStep(NoPropOptions o) =>
        o.Variant == NoPropVariant.ContinuousTime && o.Dynamics == FlowDynamics.Ancestral && o.Solver != OdeSolver.ExponentialEuler
            ? $"{nameof(o.Dynamics)} is {o.Dynamics} and {nameof(o.Solver)} is {o.Solver}, but the noise of the reverse diffusion belongs to its exact step. Set {nameof(o.Solver)} to {OdeSolver.ExponentialEuler}."
            : null;

    private static string? RandomStart(NoPropOptions o) =>
        o.Variant is (NoPropVariant.ContinuousTime or NoPropVariant.DiscreteTime) && o.Dynamics == FlowDynamics.Ancestral && o.Draws == 0
            ? $"{nameof(o.Dynamics)} is {o.Dynamics} and {nameof(o.Draws)} is 0, but a random way needs random draws. Set {nameof(o.Draws)} to 1 or more."
            : null;

    private static string? AllDraws(NoPropOptions o) =>
        o.EarlyExit == EarlyExit.WhenClassIsDecided && o.DisagreementColumnName is not null
            ? $"{nameof(o.EarlyExit)} is {o.EarlyExit} and {nameof(o.DisagreementColumnName)} is '{o.DisagreementColumnName}', but the draws of an image that leaves early are not all known. Set {nameof(o.EarlyExit)} to {EarlyExit.Never}."
            : null;
}
