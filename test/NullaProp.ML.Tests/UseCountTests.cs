namespace NullaProp.ML.Tests;

[TestClass]
public sealed class UseCountTests
{
    [TestMethod]
    public void Leave_OwnerBeforeLastUser_ReleasesAfterTheUser()
    {
        var released = 0;
        var count = new UseCount(() => released++);
        Assert.IsTrue(count.TryEnter());

        count.Leave();
        var afterOwner = released;
        count.Leave();

        Assert.AreEqual((0, 1), (afterOwner, released));
        Assert.IsFalse(count.TryEnter());
        Assert.AreEqual(1, released);
    }

    [TestMethod]
    public void Leave_ManyThreads_ReleasesOnceAndNeverWhileUsed()
    {
        var (released, usedAfterRelease) = (0, 0);
        var count = new UseCount(() => Interlocked.Increment(ref released));
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 20_000 && count.TryEnter(); i++)
            {
                Interlocked.Add(ref usedAfterRelease, Volatile.Read(ref released));
                count.Leave();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());

        count.Leave();
        threads.ForEach(thread => thread.Join());

        Assert.AreEqual((1, 0), (released, usedAfterRelease));
    }
}
