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
        using var allAsk = new Barrier(16);
        using var waiting = new CountdownEvent(15);
        var once = new OnceMade<object>(() =>
        {
            Interlocked.Increment(ref made);
            waiting.Wait(); // the others ask, or are about to
            return new object();
        });
        var values = new object[16];
        Thread[] threads = [.. Enumerable.Range(0, values.Length).Select(i => new Thread(() =>
        {
            allAsk.SignalAndWait();
            if (i > 0)
            {
                waiting.Signal();
            }

            values[i] = once.Value;
        }))];

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.AreEqual(1, made);
        Assert.HasCount(1, values.Distinct().ToArray());
    }
}
