using System.Globalization;
using System.Runtime.InteropServices;
using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Training;

/// <summary>Memory that a step frees stays with the process while something trains, and no longer.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class KeptMemoryTests
{
    private const int Bytes = 128 * 1024 * 1024;
    private const int PageSize = 4096;
    private const int Few = Bytes / PageSize / 10; // pages

    [TestMethod]
    public void Create_WhileItLives_TheNextStepTakesTheSamePages()
    {
        RequireFirstHeap();
        using var kept = new KeptMemory();

        Assert.IsLessThan(Few, PagesOfASecondStep());
    }

    [TestMethod]
    public void Dispose_FirstOfTwo_GoesOnKeeping()
    {
        RequireFirstHeap();
        using var kept = new KeptMemory();
        new KeptMemory().Dispose();

        Assert.IsLessThan(Few, PagesOfASecondStep());
    }

    [TestMethod]
    public void Dispose_LastOfTwo_HandsBackAgain()
    {
        RequireFirstHeap();
        var first = new KeptMemory();
        new KeptMemory().Dispose();
        first.Dispose();

        Assert.IsGreaterThan(Few, PagesOfASecondStep());
    }

    // What all of it freed is the system's again, not only what later steps free.
    [TestMethod]
    public void Dispose_Last_GivesBackWhatWasKept()
    {
        RequireFirstHeap();
        long before;
        using (new KeptMemory())
        {
            _ = PagesOfASecondStep();
            before = Environment.WorkingSet;
        }

        Assert.IsLessThan(before - (Bytes / 2), Environment.WorkingSet);
    }

    [TestMethod]
    public void Create_WhereTheEnvironmentChooses_LeavesItSo()
    {
        const string setting = "MALLOC_TRIM_THRESHOLD_";
        RequireFirstHeap();
        var before = Environment.GetEnvironmentVariable(setting);
        Environment.SetEnvironmentVariable(setting, "131072");
        try
        {
            using var kept = new KeptMemory();

            Assert.IsGreaterThan(Few, PagesOfASecondStep());
        }
        finally
        {
            Environment.SetEnvironmentVariable(setting, before);
        }
    }

    // glibc gives threads heaps of their own, of pieces of 64 MB, and hands back those that are empty.
    private static void RequireFirstHeap()
    {
        var some = Marshal.AllocHGlobal(PageSize);
        Marshal.FreeHGlobal(some);
        var heap = File.ReadLines("/proc/self/maps").FirstOrDefault(line => line.EndsWith("[heap]", StringComparison.Ordinal));
        long[] ends = [.. (heap ?? "0-0 ").Split(' ')[0].Split('-').Select(end => Convert.ToInt64(end, 16))];
        if (some < ends[0] || some >= ends[1])
        {
            Assert.Inconclusive("This thread has a heap of its own, in which nothing of more than 64 MB is kept.");
        }
    }

    // The pages that the system fills for this thread, where a piece of memory is taken a second time.
    private static long PagesOfASecondStep()
    {
        Step();
        var before = Pages();
        Step();
        return Pages() - before;
    }

    private static void Step()
    {
        var memory = Marshal.AllocHGlobal(Bytes);
        for (var offset = 0; offset < Bytes; offset += PageSize)
        {
            Marshal.WriteByte(memory, offset, 1);
        }

        Marshal.FreeHGlobal(memory);
    }

    // man proc_pid_stat: after the name in brackets the tenth field of the line is that of minor faults.
    private static long Pages()
    {
        var line = File.ReadAllText("/proc/thread-self/stat");
        return long.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}
