using System.Diagnostics;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A file of samples/, started by <c>dotnet run</c> as people do.</summary>
internal sealed class SampleFile : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;

    private SampleFile(Process process, string address) => (_process, Address) = (process, address);

    /// <summary>Gets where the service listens.</summary>
    public string Address { get; }

    /// <summary>Runs a sample to its end.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string name, params string[] arguments)
    {
        using var process = Start(name, [], arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{name} did not end within {Patience}.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>Starts service.cs on a free port and without libtorch, and returns once it listens.</summary>
    public static SampleFile Serve(string model)
    {
        var process = Start("service.cs", ["-p:UsesTorchBackend=false"], ["--model", model, "--urls", "http://127.0.0.1:0"]);
        using var limit = TimeLimit.On(process); // one that neither listens nor ends is ended, and so are its lines
        try
        {
            var errors = process.StandardError.ReadToEndAsync(); // at once: a full pipe would stop it
            const string listening = "Now listening on: ";
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (line.IndexOf(listening, StringComparison.Ordinal) is >= 0 and var at)
                {
                    _ = process.StandardOutput.ReadToEndAsync();
                    return new SampleFile(process, line[(at + listening.Length)..].Trim());
                }
            }

            throw new AssertFailedException($"service.cs ended before it listened. {errors.GetAwaiter().GetResult()}");
        }
        catch
        {
            Stop(process);
            throw;
        }
    }

    public void Dispose() => Stop(_process);

    private static void Stop(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    private static Process Start(string name, string[] properties, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["run", "-c", "Release", .. properties, Repository.PathOf("samples", name), "--", .. arguments])
            start.ArgumentList.Add(argument);

        // A build process that outlives the command would hold its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["OMP_NUM_THREADS"] = "1"; // On a busy machine libtorch's threads would wait for each other.
        return Process.Start(start)!;
    }
}
