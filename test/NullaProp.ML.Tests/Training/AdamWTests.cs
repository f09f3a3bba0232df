using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class AdamWTests
{
    [TestMethod]
    public void Step_ThreeStepsOnAQuadratic_FollowsAlgorithm2()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        var decayed = weights.Under("a").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        var undecayed = weights.Under("a").Undecayed("b", Initializers.Constant(-3), 1).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0.1);
        var (first, second) = (new Reference(2, 0.1), new Reference(-3, 0));

        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            ((decayed * decayed).sum() + (undecayed * undecayed).sum()).backward(); // gradients 2w and 2b
            optimizer.Step(0.05);
            first.Step(0.05);
            second.Step(0.05);
        }

        // Single against double precision: three steps of numbers near 2, rounding 2e-7 each.
        Assert.AreEqual(first.Weight, decayed.item<float>(), 1e-5);
        Assert.AreEqual(second.Weight, undecayed.item<float>(), 1e-5);
    }

    [TestMethod]
    public void Step_SharesOfTheRate_AreThoseOfEachWeight()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        var slow = weights.Under("slow").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        var fast = weights.Under("fast").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        using var optimizer = new AdamW(
            weights, weightDecay: 0.1, share: name => name.StartsWith("slow", StringComparison.Ordinal) ? 0.1 : 1);
        var (first, second) = (new Reference(2, 0.1), new Reference(2, 0.1));

        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            ((slow * slow).sum() + (fast * fast).sum()).backward();
            optimizer.Step(0.05);
            first.Step(0.005);
            second.Step(0.05);
        }

        Assert.AreEqual(first.Weight, slow.item<float>(), 1e-5);
        Assert.AreEqual(second.Weight, fast.item<float>(), 1e-5);
    }

    // 1e-9: gradients of 4e-9 are below ε.
    [TestMethod]
    public void Step_LossTimesAConstant_IsThatOfTheLossItself()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        var weight = weights.Under("part").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0.1, lossFactor: 1e-9);
        var reference = new Reference(2, 0.1);

        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            (weight * weight).sum().mul(1e-9).backward();
            optimizer.Step(0.05);
            reference.Step(0.05);
        }

        Assert.AreEqual(reference.Weight, weight.item<float>(), 1e-5);
    }

    // Its square is 0 in single precision: a step by it would be of any length.
    [TestMethod]
    public void Step_LossTimesNextToNothing_MovesNothing()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        var weight = weights.Under("part").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0, lossFactor: 1e-25);

        using var scope = NewDisposeScope();
        (weight * weight).sum().mul(1e-25).backward();
        optimizer.Step(0.05);

        Assert.AreEqual(2, weight.item<float>(), 1e-4);
    }

    // A branch of a user's module may be taken late: its corrections of the means' bias count from its own first step.
    [TestMethod]
    public void Step_WeightReachedLater_StartsFromItsOwnFirstStep()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        // 15 values, which do not fill their place in the buffer
        var always = weights.Under("a").Matrix("w", Initializers.Constant(2), 3, 5).Value;
        var later = weights.Under("b").Matrix("w", Initializers.Constant(-3), 2, 2).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0.1);
        var (first, second) = (new Reference(2, 0.1), new Reference(-3, 0.1));

        for (var step = 0; step < 4; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            var loss = (always * always).sum();
            (step < 2 ? loss : loss + (later * later).sum()).backward();
            optimizer.Step(0.05);
            first.Step(0.05);
            if (step >= 2)
            {
                second.Step(0.05);
            }
        }

        foreach (var (weight, expected) in new[] { (always, first.Weight), (later, second.Weight) })
        {
            foreach (var value in weight.data<float>())
            {
                Assert.AreEqual(expected, value, 1e-5); // as above
            }
        }
    }

    [TestMethod]
    public void Step_WeightThatNothingDependsOn_IsLeftAlone()
    {
        using var weights = Weights.Drawn(new RandomStreams(0), CPU);
        var weight = weights.Under("a").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0.1);

        optimizer.Step(0.05);

        Assert.AreEqual(2f, weight.item<float>());
    }

    // The third weight is reached from the second step on, so that the state holds two counts of steps.
    [TestMethod]
    public void Restore_StateAfterThreeSteps_GoesOnAsIfNothingHadBeen()
    {
        using var scope = NewDisposeScope();
        using var whole = ThreeWeights();
        using var first = ThreeWeights();
        using var second = ThreeWeights();
        using var uninterrupted = new AdamW(whole, weightDecay: 0.1);
        using var stopped = new AdamW(first, weightDecay: 0.1);
        using var restored = new AdamW(second, weightDecay: 0.1);
        Steps(whole, uninterrupted, 0, 6);
        Steps(first, stopped, 0, 3);

        foreach (var (weight, value) in second.Values.Zip(first.Values))
        {
            using var mode = no_grad();
            weight.Value.copy_(value.Value);
        }

        var state = stopped.State();
        restored.Restore(state);
        Steps(second, restored, 3, 6);

        CollectionAssert.AreEquivalent(new[] { "w", "b", "late" }, state.Keys.ToArray());
        Assert.AreEqual((3, 3, 2), (state["w"].Steps, state["b"].Steps, state["late"].Steps));
        CollectionAssert.AreEqual(new long[] { 3, 5 }, state["w"].First.Shape);
        foreach (var (expected, actual) in whole.Values.Zip(second.Values))
        {
            CollectionAssert.AreEqual(expected.Value.data<float>().ToArray(), actual.Value.data<float>().ToArray(), expected.Key);
        }

        foreach (var (name, moments) in uninterrupted.State())
        {
            CollectionAssert.AreEqual(moments.First.Values, restored.State()[name].First.Values, name);
            CollectionAssert.AreEqual(moments.Second.Values, restored.State()[name].Second.Values, name);
        }
    }

    [TestMethod]
    public void Restore_StateOfAnotherModel_NamesTheWeight()
    {
        using var weights = ThreeWeights();
        using var optimizer = new AdamW(weights, weightDecay: 0.1);
        var zero = new HostTensor([1], new float[1]);

        var fault = Assert.ThrowsExactly<ArgumentException>(() =>
            optimizer.Restore(new Dictionary<string, WeightMoments> { ["other"] = new(zero, zero, 1) }));

        Assert.Contains("names the weight 'other'", fault.Message);
    }

    private static Weights ThreeWeights()
    {
        var weights = Weights.Drawn(new RandomStreams(0), CPU);
        weights.Root().Matrix("w", Initializers.Normal(1), 3, 5);
        weights.Root().Undecayed("b", Initializers.Normal(1), 7);
        weights.Root().Matrix("late", Initializers.Normal(1), 2, 2);
        return weights;
    }

    private static void Steps(Weights weights, AdamW optimizer, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            var reached = weights.Values.Where(weight => weight.Key != "late" || step > 0);
            reached.Select(weight => weight.Value.pow(4).sum()).Aggregate((sum, term) => sum + term).backward();
            optimizer.Step(0.05 / (step + 1));
        }
    }

    // Algorithm 2 of arXiv 1711.05101 for w², in double precision, its corrections where the paper has them.
    private sealed class Reference(double weight, double decay)
    {
        private double _first;
        private double _second;
        private int _step;

        public double Weight { get; private set; } = weight;

        public void Step(double rate)
        {
            _step++;
            var gradient = 2 * Weight;
            _first = (0.9 * _first) + (0.1 * gradient);
            _second = (0.999 * _second) + (0.001 * gradient * gradient);
            var (mean, square) = (_first / (1 - Math.Pow(0.9, _step)), _second / (1 - Math.Pow(0.999, _step)));
            Weight -= (rate * decay * Weight) + (rate * mean / (Math.Sqrt(square) + 1e-8));
        }
    }
}
