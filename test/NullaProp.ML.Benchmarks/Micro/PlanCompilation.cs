using BenchmarkDotNet.Attributes;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Benchmarks.Micro;

/// <summary>What loading a model costs beyond reading its weights: the plan, and the layers multiplied out for it.</summary>
[MemoryDiagnoser]
public class PlanCompilation : IDisposable
{
    private readonly ModelPair _models = new(images: 1_000);
    private NoPropOptions _adaptive = null!;

    [GlobalSetup]
    public void SetUp() =>
        _adaptive =
            _models.Default.Options with
            {
                Sampling = _models.Default.Options.Sampling with { Solver = OdeSolver.Adaptive, SolverSteps = 40 },
            };

    [GlobalCleanup]
    public void Dispose()
    {
        _models.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true, Description = "compile the default plan")]
    public int Default() => PlanCompiler.For(_models.Default.Network, _models.Default.Options).Stages.Count;

    [Benchmark(Description = "choose the steps of an adaptive plan")]
    public int Adaptive() => PlanCompiler.For(_models.Default.Network, _adaptive).Stages.Count;

    [Benchmark(Description = "multiply out the layers")]
    public void Fold() => _models.Default.Runner().Dispose();
}
