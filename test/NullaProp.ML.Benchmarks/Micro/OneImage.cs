using BenchmarkDotNet.Attributes;
using Microsoft.ML;
using NullaProp.ML.Backends.Managed;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Plan;

namespace NullaProp.ML.Benchmarks.Micro;

/// <summary>One image through the row runner, which must not allocate, and through ML.NET around it.</summary>
[MemoryDiagnoser]
public class OneImage : IDisposable
{
    private readonly ModelPair _models = new(images: 1_000);
    private readonly FloatRow _row = FloatRow.Of(0);
    private readonly RowPrediction _prediction = new();
    private readonly float[] _scores = new float[SyntheticImages.Classes];
    private ManagedRunner _standard = null!;
    private ManagedRunner _heun40 = null!;
    private PredictionEngine<FloatRow, RowPrediction> _engine = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _standard = Runner(_models.Default);
        _heun40 = Runner(_models.SeedLike);
        _engine = new MLContext(seed: 1).Model.CreatePredictionEngine<FloatRow, RowPrediction>(
            _models.Default.Transformer,
            new PredictionEngineOptions { OwnsTransformer = false });
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _engine.Dispose();
        _models.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true, Description = "row runner, default plan")]
    public void DefaultPlan() => _standard.Probabilities(_row.Features, _scores);

    [Benchmark(Description = "row runner, Heun T = 40")]
    public void Heun40() => _heun40.Probabilities(_row.Features, _scores);

    [Benchmark(Description = "prediction engine, default plan, prediction reused")]
    public void Engine()
    {
        var prediction = _prediction;
        _engine.Predict(_row, ref prediction);
    }

    private static ManagedRunner Runner(TrainedModel model)
    {
        var folded = new FoldedModel(model.Network, PlanCompiler.For(model.Network, model.Options), model.Starts);
        return new ManagedRunner(folded, SyntheticImages.Shape, Environment.ProcessorCount);
    }
}
