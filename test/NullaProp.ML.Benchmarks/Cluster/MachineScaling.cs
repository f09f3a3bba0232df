using System.Diagnostics;
using System.Numerics.Tensors;
using NullaProp.ML.Benchmarks.Measuring;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// How much faster two processes are than one at nothing but multiplications, on numbers that stay in the first cache: what the machine's
/// two processors give at best. They may be two halves of one core, or share the power of one socket.
/// </summary>
internal static class MachineScaling
{
    /// <summary>Multiplies so many times as <see cref="Passes"/> says; prints the seconds.</summary>
    public const string Child = "child-multiply";

    private const int Passes = 20_000_000; // some seconds
    private const int Numbers = 1024; // floats: 4 KB each of three, of 32
    private const int Rounds = 3;

    /// <summary>Returns how often as much two processes multiply in the same time, the median of some rounds.</summary>
    public static double Measure() => Spread.Of([.. Enumerable.Range(0, Rounds).Select(_ => Seconds(1) * 2 / Seconds(2))]).Median;

    /// <summary>Does the work of the role.</summary>
    public static void Multiply()
    {
        var (factors, sums, results) = (new float[Numbers], new float[Numbers], new float[Numbers]);
        factors.AsSpan().Fill(0.5f);
        var watch = Stopwatch.StartNew();
        for (var pass = 0; pass < Passes; pass++)
        {
            TensorPrimitives.MultiplyAdd(results, factors, sums, results);
        }

        Console.WriteLine($"{watch.Elapsed.TotalSeconds:0.000}");
    }

    // The longest of so many processes at once, each with the same work.
    private static double Seconds(int processes)
    {
        var children = Enumerable.Range(0, processes).Select(_ => Task.Run(() => ChildRun.On(1, Child).Numbers[0])).ToArray();
        Task.WaitAll(children);
        return children.Max(child => child.Result);
    }
}
