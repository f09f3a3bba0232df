using System.Diagnostics;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BuildTransitive;

/// <summary>The package's build targets mend libLibTorchSharp.so wherever the output may go to Linux.</summary>
[TestClass]
public sealed class BuildTargetsTests
{
    // Without a runtime identifier an output of Windows or macOS has the files for Linux, too.
    [TestMethod]
    [DataRow("", "true")]
    [DataRow("linux-x64", "true")]
    [DataRow("linux-musl-arm64", "true")]
    [DataRow("win-x64", "false")]
    [DataRow("osx-arm64", "false")]
    public void LoadsOnOlderLinux_ByDefault_IsWhatTheOutputIsFor(string runtime, string expected)
    {
        var targets = Repository.PathOf("src", "NullaProp.ML", "buildTransitive", "NullaProp.ML.targets");
        using var build = Process.Start(new ProcessStartInfo(
            "dotnet", ["msbuild", targets, "-nologo", $"-p:RuntimeIdentifier={runtime}", "-getProperty:NullaPropLoadsOnOlderLinux"])
        {
            RedirectStandardOutput = true,
        })!;
        using var limit = TimeLimit.On(build);

        Assert.AreEqual(expected, build.StandardOutput.ReadToEnd().Trim().ToLowerInvariant());
        Assert.DoesNotContain("IsOSPlatform", File.ReadAllText(targets));
    }
}
