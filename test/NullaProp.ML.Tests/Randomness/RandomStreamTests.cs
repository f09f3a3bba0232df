using System.Security.Cryptography;
using System.Text;
using NullaProp.ML.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Randomness;

[TestClass]
public sealed class RandomStreamTests
{
    private const int Many = 100_000;

    [TestMethod]
    public void Of_NameEpochAndStep_AreKeyAndCounterOfPhilox()
    {
        var key = BitConverter.ToUInt64(SHA256.HashData([.. BitConverter.GetBytes(-5), .. Encoding.UTF8.GetBytes("dropout/α")]));
        var expected = new uint[6];
        Philox.Fill(expected, key, index: 0, step: 9, epoch: 4);
        var words = new uint[6];

        new RandomStreams(-5).Of("dropout/α", epoch: 4, step: 9).Words(words);

        CollectionAssert.AreEqual(expected, words);
    }

    [TestMethod]
    public void Of_OtherSeedNameEpochOrStep_IsAnotherStream()
    {
        RandomStream[] streams =
        [
            new RandomStreams(1).Of("a"), new RandomStreams(2).Of("a"), new RandomStreams(1).Of("b"),
            new RandomStreams(1).Of("a", epoch: 1),
            new RandomStreams(1).Of("a", step: 1), new RandomStreams(1).Of("a", epoch: 1, step: 1), new RandomStreams(1).Of("ab"),
        ];

        Assert.HasCount(streams.Length, streams.Select(stream => stream.Word64()).ToHashSet());
    }

    [TestMethod]
    public void Words_TwoCalls_GoOnAtAnotherCounter()
    {
        var stream = Stream();
        var (first, second, both) = (new uint[5], new uint[4], new uint[12]);
        stream.Words(first);
        stream.Words(second);

        Stream().Words(both);

        CollectionAssert.AreEqual(both[..5], first);
        CollectionAssert.AreEqual(both[8..], second); // five words take two counters
    }

    // Of n uniform numbers, mean ½ and variance 1/12 within five standard errors; in each of 16 bins n/16 within five roots of it.
    [TestMethod]
    public void Uniform_ManyFloats_FillTheIntervalEvenly()
    {
        var values = new float[Many];

        Stream().Uniform(values);

        Assert.IsTrue(values.All(value => value is >= 0 and < 1));
        Assert.AreEqual(0.5, values.Average(value => (double)value), 5 * Math.Sqrt(1 / 12.0 / Many));
        foreach (var bin in values.CountBy(value => (int)(16 * value)))
        {
            Assert.AreEqual(Many / 16.0, bin.Value, 5 * Math.Sqrt(Many / 16.0));
        }
    }

    [TestMethod]
    public void Uniform_Doubles_AreBelowOneAndUseLowBits()
    {
        var stream = Stream();

        double[] values = [.. Enumerable.Range(0, 1000).Select(_ => stream.Uniform())];

        Assert.IsTrue(values.All(value => value is >= 0 and < 1));
        Assert.IsTrue(values.Any(value => value != (float)value));
        Assert.AreEqual(0.5, values.Average(), 5 * Math.Sqrt(1 / 12.0 / 1000));
    }

    // Moments of N(0, 1) within five standard errors: variances of x, x², x³, x⁴ are 1, 2, 15, 96; the share beyond 3 is 0.0027.
    [TestMethod]
    public void Normal_ManyNumbers_HaveTheMomentsAndTailsOfTheNormal()
    {
        var values = new float[Many];

        Stream().Normal(values);

        foreach (var (power, expected, variance) in new[] { (1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96) })
        {
            Assert.AreEqual(expected, values.Average(value => Math.Pow(value, power)), 5 * Math.Sqrt(variance / Many), $"moment {power}");
        }

        Assert.AreEqual(0.0026998, values.Count(value => Math.Abs(value) > 3) / (double)Many, 5 * Math.Sqrt(0.0027 / Many));
        Assert.IsTrue(values.All(float.IsFinite));
    }

    // More than one thread draws so many; the last part is no whole chunk.
    [TestMethod]
    [DataRow(1)]
    [DataRow(70_000)]
    [DataRow(200_001)]
    public void Normal_TensorByAnyNumberOfThreads_HoldsTheNumbersOfOne(int count)
    {
        var (stream, expected, next) = (Stream(), new float[count], new float[3]);
        stream.Normal(expected);
        stream.Normal(next);
        var threads = get_num_threads();
        try
        {
            foreach (var number in new[] { 1, 2, 3 })
            {
                set_num_threads(number);
                var drawn = Stream();
                using var values = drawn.Normal([count], ScalarType.Float32);
                var after = new float[3];
                drawn.Normal(after);

                CollectionAssert.AreEqual(expected, values.data<float>().ToArray());
                CollectionAssert.AreEqual(next, after);
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [TestMethod]
    public void Normal_NumbersOfOnePair_AreUncorrelatedInValueAndSize()
    {
        var values = new float[Many];

        Stream().Normal(values);

        // The cosine and the sine of a pair are 256 places apart.
        var cosines = Enumerable.Range(0, Many - 512).Where(i => i % 512 < 256);
        var pairs = cosines.Select(i => (X: (double)values[i], Y: (double)values[i + 256])).ToArray();
        Assert.AreEqual(0, pairs.Average(pair => pair.X * pair.Y), 5 / Math.Sqrt(pairs.Length));
        Assert.AreEqual(0, pairs.Average(pair => ((pair.X * pair.X) - 1) * ((pair.Y * pair.Y) - 1)), 5 * 2 / Math.Sqrt(pairs.Length));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(511)]
    [DataRow(513)]
    public void Normal_FewerNumbers_AreTheFirstOfMore(int count)
    {
        var (fewer, more) = (new float[count], new float[1000]);
        Stream().Normal(fewer);

        Stream().Normal(more);

        CollectionAssert.AreEqual(more[..count], fewer);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.2)]
    [DataRow(1.0)]
    public void Bernoulli_Probability_IsTheShareOfOnes(double probability)
    {
        var values = new float[Many];

        Stream().Bernoulli(values, probability);

        Assert.IsTrue(values.All(value => value is 0 or 1));
        Assert.AreEqual(probability, values.Average(value => (double)value), 5 * Math.Sqrt(probability * (1 - probability) / Many));
    }

    // Below 3·2³⁰ a quarter of the words would favour some numbers by half: each third must be as likely as the others.
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(1000)]
    [DataRow(int.MaxValue)]
    public void Below_ManyDraws_AreEvenInThirds(int count)
    {
        var stream = Stream();

        int[] draws = [.. Enumerable.Range(0, Many).Select(_ => stream.Below(count))];

        Assert.IsTrue(draws.All(draw => draw >= 0 && draw < count));
        foreach (var third in Enumerable.Range(0, Math.Min(3, count)))
        {
            var (low, high) = (third * (long)count / Math.Min(3, count), (third + 1) * (long)count / Math.Min(3, count));
            var expected = Many * (double)(high - low) / count;
            Assert.AreEqual(expected, draws.Count(draw => draw >= low && draw < high), 5 * Math.Sqrt(expected));
        }
    }

    [TestMethod]
    public void Permutation_FourNumbers_TakesEveryOrderEquallyOften()
    {
        var stream = Stream();

        var orders = Enumerable.Range(0, 24_000).Select(_ => string.Concat(stream.Permutation(4))).CountBy(order => order).ToArray();

        Assert.HasCount(24, orders);
        Assert.IsTrue(orders.All(order => string.Concat(order.Key.Order()) == "0123"));
        Assert.IsTrue(orders.All(order => Math.Abs(order.Value - 1000) < 5 * Math.Sqrt(1000)));
    }

    [TestMethod]
    public void Tensors_AnyType_HoldTheNumbersOfTheArraysAndNothingElseLives()
    {
        var expected = new float[6];
        Stream().Normal(expected);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using (var single = Stream().Normal([2, 3], ScalarType.Float32))
        using (var twice = Stream().Normal([2, 3], ScalarType.Float64))
        using (var ones = Stream().Bernoulli([2, 3], ScalarType.BFloat16, 1))
        {
            CollectionAssert.AreEqual(expected, single.data<float>().ToArray());
            CollectionAssert.AreEqual(expected, twice.data<double>().Select(value => (float)value).ToArray());
            Assert.AreEqual(ScalarType.BFloat16, ones.dtype);
            CollectionAssert.AreEqual(new long[] { 2, 3 }, ones.shape);
        }

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static RandomStream Stream() => new RandomStreams(1).Of("test");
}
