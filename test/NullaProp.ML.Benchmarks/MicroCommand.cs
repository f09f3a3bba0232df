using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using NullaProp.ML.Benchmarks.Micro;

namespace NullaProp.ML.Benchmarks;

/// <summary><c>micro</c>: parts too small for the clock, by BenchmarkDotNet, with what they allocate.</summary>
internal static class MicroCommand
{
    private static readonly Type[] Benchmarks = [typeof(OneImage), typeof(RowReading), typeof(PlanCompilation)];

    public static Command Create()
    {
        var only = new Option<string[]>("--only")
        {
            Description = $"Measure these only: {string.Join(", ", Benchmarks.Select(type => type.Name))}.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        only.AcceptOnlyFromAmong([.. Benchmarks.Select(type => type.Name)]);
        var command = new Command(
            "micro",
            "Measures time and allocations of the small parts: one image, reading of rows, compilation of plans. Takes some three minutes.")
            {
                only,
            };
        command.SetAction(result => Run(result.GetValue(only) ?? []));
        return command;
    }

    private static int Run(string[] only)
    {
        // In this process: a project that BenchmarkDotNet generates would not find the native libraries.
        var config = ManualConfig.Create(DefaultConfig.Instance).AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        var failed = Benchmarks.Where(type => only.Length == 0 || only.Contains(type.Name))
            .Select(type => BenchmarkRunner.Run(type, config))
            .Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success));
        return failed ? 1 : 0;
    }
}
