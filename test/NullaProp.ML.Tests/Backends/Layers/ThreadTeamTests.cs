using NullaProp.ML.Backends.Layers;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Threads that compute one image together.</summary>
[TestClass]
[DoNotParallelize] // threads of other images would be counted
public sealed class ThreadTeamTests
{
    private const int Turns = 200;

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(2, 2)]
    [DataRow(4, 4)]
    [DataRow(8, 3)]
    public void Run_ImageAfterImage_EachTurnOnceAndLoopAfterLoop(int members, int threads)
    {
        var layer = new CountingLayer();
        var team = new ThreadTeam(image: 1, output: Turns, work: members, members);
        for (var image = 1; image <= 50; image++)
        {
            team.Run(new ManagedChain([layer]), threads);

            Assert.AreEqual("", layer.Wrong, "a loop began before the one before had ended");
            Assert.IsTrue(Array.TrueForAll(team.Output, count => count == image), string.Join(" ", team.Output));
        }
    }

    [TestMethod]
    public void Run_SomeHaveComeLate_TheyTakeWhatIsLeft()
    {
        using var come = new ManualResetEventSlim();
        CountingLayer? layer = null;
        layer = new CountingLayer { InTurn = () => WaitForASecond(layer!, come) };
        var team = new ThreadTeam(image: 1, output: Turns, work: 2, members: 2);

        team.Run(new ManagedChain([layer]), threads: 2);

        Assert.HasCount(2, layer.Threads, "threads that took part");
    }

    [TestMethod]
    public void Run_ThreadComesWhenAllIsDone_ItTakesNothing()
    {
        var layer = new CountingLayer();
        var team = new ThreadTeam(image: 1, output: Turns, work: 2, members: 2);
        team.Run(new ManagedChain([layer]), threads: 2);

        ((IThreadPoolWorkItem)team).Execute();
        team.Run(new ManagedChain([layer]), threads: 2);

        Assert.IsTrue(Array.TrueForAll(team.Output, count => count == 2));
    }

    [TestMethod]
    public void Run_OtherImageAtWork_LeavesItItsThreads()
    {
        var inner = new CountingLayer();
        var outer = new CountingLayer
        {
            AtFirst = () => new ThreadTeam(image: 1, output: Turns, work: 2, members: 2).Run(new ManagedChain([inner]), threads: 2),
        };

        new ThreadTeam(image: 1, output: Turns, work: 2, members: 2).Run(new ManagedChain([outer]), threads: 2);

        Assert.HasCount(1, inner.Threads);
    }

    [TestMethod]
    public void Run_TurnFails_ThrowsWhatItThrewAndGoesOnWithTheNextImage()
    {
        var layer = new CountingLayer { AtFirst = () => throw new FormatException("of a turn") };
        var team = new ThreadTeam(image: 1, output: Turns, work: 4, members: 4);
        for (var time = 0; time < 20; time++)
        {
            Assert.ThrowsExactly<FormatException>(() => team.Run(new ManagedChain([layer]), threads: 4));
        }

        Array.Clear(team.Output);
        team.Run(new ManagedChain([new CountingLayer()]), threads: 4);

        Assert.IsTrue(Array.TrueForAll(team.Output, count => count == 1));
    }

    // The first thread leaves what there is to the second, however late that comes.
    private static void WaitForASecond(CountingLayer layer, ManualResetEventSlim come)
    {
        lock (layer.Threads)
        {
            if (layer.Threads.Count > 1)
            {
                come.Set();
            }
        }

        come.Wait(TimeSpan.FromMinutes(1)); // one that never comes is a fault, and not waited for without end
    }

    // Counts the turns of a loop, and sees in a second one whether all of the first are done.
    private sealed class CountingLayer : IManagedLayer
    {
        private int _done;

        public MapShape Output => new(1, 1, Turns, Border: 0);

        public int WorkLength => 0;

        public Action? InTurn { get; init; }

        public Action? AtFirst { get; init; }

        public string Wrong { get; private set; } = "";

        public HashSet<int> Threads { get; } = [];

        public void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output, TeamMember member)
        {
            foreach (var _ in member.Share(1))
            {
                _done = 0;
            }

            foreach (var turn in member.Share(Turns))
            {
                Take(turn, output);
            }

            foreach (var turn in member.Share(2))
            {
                Wrong += _done == Turns ? "" : $"{_done} turns at {turn}. ";
            }
        }

        private void Take(int turn, Span<float> output)
        {
            if (turn == 0)
            {
                AtFirst?.Invoke();
            }

            lock (Threads)
            {
                Threads.Add(Environment.CurrentManagedThreadId);
            }

            InTurn?.Invoke();
            output[turn]++;
            Interlocked.Increment(ref _done);
        }
    }
}
