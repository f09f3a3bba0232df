using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Interop;

/// <summary>The kind of processor, against what Linux says of it.</summary>
[TestClass]
public sealed class ProcessorKindTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void Name_OnLinux_IsThatOfTheSystem()
    {
        if (!X86Base.IsSupported)
        {
            Assert.StartsWith(RuntimeInformation.ProcessArchitecture.ToString(), ProcessorKind.Name);
            return;
        }

        var about = File.ReadLines("/proc/cpuinfo")
            .TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .ToDictionary(pair => pair[0], pair => pair[^1]);
        var family = int.Parse(about["cpu family"], CultureInfo.InvariantCulture);

        var flags = about["flags"].Split(' ');
        var bits = flags.Contains("avx512f") ? 512 : flags.Contains("avx") ? 256 : 128;

        Assert.AreEqual($"{about["vendor_id"]} family {family} with {bits}-bit vectors", ProcessorKind.Name);
    }
}
