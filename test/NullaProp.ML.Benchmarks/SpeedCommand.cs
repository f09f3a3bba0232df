using System.CommandLine;
using System.Diagnostics;
using NullaProp.ML.Benchmarks.Cluster;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Sections;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Interop;
using Spectre.Console;

namespace NullaProp.ML.Benchmarks;

/// <summary><c>speed</c>: the library against the straight port, the bare network and the machine, side by side in one process.</summary>
internal static class SpeedCommand
{
    /// <summary>Parses and runs the program's command line; returns its exit code.</summary>
    public static Task<int> Invoke(string[] arguments)
    {
        // Redirected output has no width of its own; the tables are wider than what Spectre assumes.
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 160;
        }

        var root = new RootCommand("Measures NullaProp.ML.")
        {
            Create(), MicroCommand.Create(), FuzzCommand.Create(), SaveKillsCommand.Create(), SoakCommand.Create(), KillCommand.Create(),
            OnnxCommand.Create(),
            CheckpointsCommand.Create(), BlocksCommand.Create(), MemoryCommand.Create(), ThreadsCommand.Create(),
        };
        return root.Parse(arguments).InvokeAsync();
    }

    private static Command Create()
    {
        var json = new Option<string?>("--json") { Description = "File to write all measurements to.", HelpName = "FILE" };
        var quick = new Option<bool>("--quick") { Description = "Fewer and smaller measurements: under three minutes on two cores." };
        var only = new Option<string[]>("--only")
        {
            Description = $"Measure these sections only: {string.Join(", ", AllSections.Names)}.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        only.AcceptOnlyFromAmong([.. AllSections.Names]);
        var command = new Command(
            "speed",
            "Measures training and scoring against a straight port of the published code, and says which figures miss what they are held "
                + "to; the exit code is 1 then. Takes some eleven minutes; leave the machine alone meanwhile.") { json, quick, only };
        command.SetAction(result => Run(
            result.GetValue(json),
            result.GetValue(quick) ? Effort.Quick : Effort.Full,
            result.GetValue(only) ?? []));
        return command;
    }

    private static int Run(string? json, Effort effort, string[] only)
    {
        _ = TorchBackend.IsPresent; // libtorch is loaded by the library, as in a program that trains or scores, and not by the first tensor
        using var models = new ModelPair(effort.TrainingImages);
        var report = new SpeedReport(effort);
        foreach (var section in AllSections.Create(effort, models).Where(section => only.Length == 0 || only.Contains(section.Name)))
        {
            var watch = Stopwatch.StartNew();
            section.Run(report);
            AnsiConsole.WriteLine($"{section.Name}: {section.Description} ({watch.Elapsed.TotalSeconds:0.0} s)");
            if (json is not null)
            {
                report.Write(json); // after every section, so that an interrupted run leaves what it has
            }
        }

        report.Print();
        return report.Fallen().Any() ? 1 : 0;
    }
}
