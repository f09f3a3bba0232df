using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>The sections of the benchmark.</summary>
internal static class AllSections
{
    /// <summary>Gets their names.</summary>
    public static IReadOnlyList<string> Names { get; } = Named();

    /// <summary>Creates them, in the order in which they run: what needs the machine's state untouched first.</summary>
    public static IReadOnlyList<Section> Create(Effort effort, ModelPair models) =>
    [
        new MatrixProducts(effort),
        new FirstPrediction(effort, models),
        new TrainingStep(effort),
        new ManyClasses(effort),
        new HeunScoring(effort, models),
        new DefaultPlan(effort, models),
        new ScoringGrid(effort, models),
        new SingleImage(effort, models),
        new ModelLoading(effort, models),
        new OnnxDuel(effort, models),
        new PhotoFeatures(effort),
        new PipelineFit(effort),
        new PipelineScoring(effort, models),
        new FitMemory(effort),
    ];

    private static string[] Named()
    {
        using var models = new ModelPair(0);
        return [.. Create(Effort.Quick, models).Select(section => section.Name)];
    }
}
