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

        Assert.StartsWith($"{about["vendor_id"]} family {family} with ", ProcessorKind.Name);
        Assert.EndsWith("-bit vectors", ProcessorKind.Name);
    }
}
