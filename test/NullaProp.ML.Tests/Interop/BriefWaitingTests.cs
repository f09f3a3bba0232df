using System.Runtime.InteropServices;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Interop;

[TestClass]
[DoNotParallelize] // the environment is one of the process
public sealed class BriefWaitingTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void While_NothingSaid_NativeCodeReadsTheCountAndItIsGoneAfterwards()
    {
        var seen = BriefWaiting.While(() => Native(BriefWaiting.Variable));

        Assert.AreEqual("3000", seen);
        Assert.IsNull(Native(BriefWaiting.Variable));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    [DataRow("GOMP_SPINCOUNT", "7")]
    [DataRow("OMP_WAIT_POLICY", "ACTIVE")]
    public void While_EnvironmentSaysHowToWait_NothingIsSet(string variable, string value)
    {
        Environment.SetEnvironmentVariable(variable, value);
        try
        {
            Assert.IsNull(BriefWaiting.While(() => Native(BriefWaiting.Variable)));
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    private static string? Native(string variable) => Marshal.PtrToStringUTF8(NativeVariable(variable));

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NativeVariable(string name);
}
