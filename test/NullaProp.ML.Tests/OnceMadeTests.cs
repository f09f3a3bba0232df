namespace NullaProp.ML.Tests;

/// <summary>What is made once, and tried again where it could not be made.</summary>
[TestClass]
public sealed class OnceMadeTests
{
    [TestMethod]
    public void Value_MakingFailedOnce_IsTriedAgain()
    {
        var tries = 0;
        var made = new OnceMade<string>(() => ++tries == 1 ? throw new IOException() : "made");

        Assert.ThrowsExactly<IOException>(() => made.Value);

        Assert.IsNull(made.Known);
        Assert.AreEqual("made", made.Value);
        Assert.AreEqual("made", made.Known);
    }

    [TestMethod]
    public void Value_ManyThreads_IsMadeOnce()
    {
        var made = 0;
        var once = new OnceMade<object>(() =>
        {
            Interlocked.Increment(ref made);
            Thread.Sleep(10);
            return new object();
        });
        var values = new object[16];

        Parallel.For(0, values.Length, i => values[i] = once.Value);

        Assert.AreEqual(1, made);
        Assert.HasCount(1, values.Distinct().ToArray());
    }
}
