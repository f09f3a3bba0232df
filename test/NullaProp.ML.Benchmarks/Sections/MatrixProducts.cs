using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Interop;
using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>How fast the machine multiplies: what every other figure should be read against.</summary>
internal sealed class MatrixProducts(Effort effort) : Section("gemm", "product of two 2048×2048 matrices")
{
    private const long Side = 2048;
    private const double Operations = 2.0 * Side * Side * Side;

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var generator = new Generator(1);
        var single = rand([Side, Side], generator: generator);
        var half = single.to(ScalarType.BFloat16);
        // Where the library would not use it, one product may take a minute.
        var isFast = FastBFloat16.Choose(new NoPropOptions(), CPU).BackbonePrecision == BackbonePrecision.BFloat16;
        var comparison = Comparison.Of(
            effort.Short with { Most = 30 },
            [
                new Contestant("float32", _ => single.mm(single).Dispose()),
                .. isFast ? [new Contestant("bfloat16", _ => half.mm(half).Dispose())] : Array.Empty<Contestant>(),
            ]);
        report.Add(comparison, "gemm");
        report.Set(Figure.GemmFloat32, comparison.Of("float32").Inverse(Gflops));
        if (isFast)
        {
            report.Set(Figure.GemmBfloat16, comparison.Of("bfloat16").Inverse(Gflops));
        }
    }

    private static double Gflops(double milliseconds) => Operations / milliseconds / 1e6;
}
