using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TorchSharp;

namespace NullaProp.ML.Benchmarks.Reporting;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    private const string LinuxProcessors = "/proc/cpuinfo";

    /// <summary>Returns the description.</summary>
    public static JsonObject Describe() => new()
    {
        ["processor"] = Processor(),
        ["processors"] = Environment.ProcessorCount,
        ["torchThreads"] = torch.get_num_threads(),
        ["system"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["libtorch"] = torch.__version__,
    };

    private static string Processor()
    {
        var line = File.Exists(LinuxProcessors)
            ? File.ReadLines(LinuxProcessors).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null
            ? RuntimeInformation.ProcessArchitecture.ToString()
            : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
