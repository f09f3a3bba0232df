using NullaProp.ML.ChildProcesses;
using NullaProp.ML.Samples;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>The rows of the table of methods, docs/variants.md.</summary>
internal static class VariantMethods
{
    private static readonly NoPropOptions OneHot = new();
    private static readonly NoPropOptions Learned = new() { Embedding = new() { Kind = EmbeddingKind.Learned } };
    private static readonly NoPropOptions Prototype =
        Learned with { Embedding = Learned.Embedding with { Initialization = EmbeddingInitialization.PixelMedoid } };
    private static readonly NoPropOptions Plain = new() { Variant = new CrossEntropyBaseline() };

    public static IReadOnlyList<(string Name, IMethod Method)> All { get; } =
    [
        ("DT one-hot", new NoPropMethod(OneHot with { Variant = new DiscreteTime() })),
        ("DT learned", new NoPropMethod(Learned with { Variant = new DiscreteTime() })),
        ("DT prototype", new NoPropMethod(Prototype with { Variant = new DiscreteTime() })),
        ("CT one-hot", new NoPropMethod(OneHot with { Variant = new ContinuousTime() })),
        ("CT one-hot in float32",
            new NoPropMethod(OneHot with { BackbonePrecision = BackbonePrecision.Full, Variant = new ContinuousTime() })),
        ("CT learned", new NoPropMethod(Learned with { Variant = new ContinuousTime() })),
        ("CT prototype", new NoPropMethod(Prototype with { Variant = new ContinuousTime() })),
        ("FM one-hot", new NoPropMethod(OneHot with { Variant = new FlowMatching() })),
        ("FM one-hot in float32",
            new NoPropMethod(OneHot with { BackbonePrecision = BackbonePrecision.Full, Variant = new FlowMatching() })),
        ("FM one-hot with raw velocity",
            new NoPropMethod(OneHot with { Variant = new FlowMatching { VelocityForm = VelocityForm.Raw } })),
        ("FM learned", new NoPropMethod(Learned with { Variant = new FlowMatching() })),
        ("FM learned with raw velocity",
            new NoPropMethod(Learned with { Variant = new FlowMatching { VelocityForm = VelocityForm.Raw } })),
        ("FM prototype", new NoPropMethod(Prototype with { Variant = new FlowMatching() })),
        ("FM prototype with raw velocity",
            new NoPropMethod(Prototype with { Variant = new FlowMatching { VelocityForm = VelocityForm.Raw } })),
        ("JaxReference preset", new NoPropMethod(NoPropOptions.JaxReference)),
        ("Paper preset", new NoPropMethod(NoPropOptions.PaperContinuousTime)),
        ("plain cross-entropy", new NoPropMethod(Plain)),
        ("plain cross-entropy in float32", new NoPropMethod(Plain with { BackbonePrecision = BackbonePrecision.Full })),
        ("plain ensemble of 5", new PlainEnsemble(5)),
        ("plain ensemble of 10", new PlainEnsemble(10)),
        ("LightGbm on pixels", new LightGbmMethod()),
    ];

    /// <summary>Returns the names that a list with commas names, in the table's order, or all where there is no list.</summary>
    /// <exception cref="UserMistakeException">There is no such method.</exception>
    public static IEnumerable<string> Named(string? list)
    {
        var wanted = list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var names = All.Select(method => method.Name).ToList();
        if (wanted?.FirstOrDefault(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new UserMistakeException($"There is no method '{unknown}'. --methods takes one or more of: {string.Join(", ", names)}.");
        return wanted is null ? names : names.Where(name => wanted.Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Returns rows setting by setting, in the table's order.</summary>
    public static IEnumerable<VariantRow> InOrder(IEnumerable<VariantRow> rows) => rows
        .OrderBy(row => (row.TrainRows, row.Epochs, row.Seed, row.Threads))
        .ThenBy(row => All.TakeWhile(method => method.Name != row.Name).Count());

    /// <summary>Trains and measures one method in this process.</summary>
    public static VariantRow Run(string name, StudySetting setting, CancellationToken cancellationToken)
    {
        var data = StudyData.Read(setting);
        var result = All.Single(method => method.Name == name).Method.Run(data, cancellationToken);
        return new VariantRow
        {
            Name = name,
            MicroAccuracy = result.Calibration.MicroAccuracy,
            LogLoss = result.Calibration.LogLoss,
            ExpectedCalibrationError = result.Calibration.ExpectedCalibrationError,
            FitSeconds = result.FitTime.TotalSeconds,
            PeakMegabytes = PeakMemory.Bytes() / 1e6,
            EmbeddingNorm = result.EmbeddingNorm,
            NoiseZMicroAccuracy = result.NoiseZMicroAccuracy,
            SingleEvaluationMicroAccuracy = result.SingleEvaluationMicroAccuracy,
            TrainRows = setting.TrainRows,
            TestRows = data.TestRows,
            Epochs = setting.Epochs,
            Seed = setting.Seed,
            Threads = setting.Threads,
            TestPart = setting.TestPart,
        };
    }
}
