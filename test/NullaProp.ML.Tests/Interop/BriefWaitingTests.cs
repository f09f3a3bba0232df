using System.Runtime.InteropServices;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Tests.Interop;

[TestClass]
[DoNotParallelize] // the environment is one of the process
public sealed class BriefWaitingTests
{
    private static readonly string[] Variables = [BriefWaiting.Variable, "OMP_WAIT_POLICY"];

    private readonly Dictionary<string, (string? Managed, string? Native)> _before = [];

    // Who starts the tests may have set one; .NET's variables are a copy of the process's.
    [TestInitialize]
    public void Clear()
    {
        if (OperatingSystem.IsLinux())
        {
            foreach (var variable in Variables)
            {
                _before[variable] = (Environment.GetEnvironmentVariable(variable), Native(variable));
                Set(variable, null, null);
            }
        }
    }

    [TestCleanup]
    public void Restore()
    {
        foreach (var (variable, (managed, native)) in _before)
        {
            Set(variable, managed, native);
        }
    }

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

        Assert.IsNull(BriefWaiting.While(() => Native(BriefWaiting.Variable)));
    }

    private static void Set(string variable, string? managed, string? native)
    {
        Environment.SetEnvironmentVariable(variable, managed);
        _ = native is null ? UnsetNative(variable) : SetNative(variable, native, overwrite: 1);
    }

    private static string? Native(string variable) => Marshal.PtrToStringUTF8(NativeVariable(variable));

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NativeVariable(string name);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNative(string name, string value, int overwrite);

    [DllImport("libc", EntryPoint = "unsetenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int UnsetNative(string name);
}
