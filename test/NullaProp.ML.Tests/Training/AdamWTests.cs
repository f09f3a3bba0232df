using NullaProp.ML.Networks;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class AdamWTests
{
    [TestMethod]
    public void Step_ThreeStepsOnAQuadratic_FollowsAlgorithm2()
    {
        using var generator = new Generator(0);
        using var weights = Weights.Drawn(generator, CPU);
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

    // A branch of a user's module may be taken late: its corrections of the means' bias count from its own first step.
    [TestMethod]
    public void Step_WeightReachedLater_StartsFromItsOwnFirstStep()
    {
        using var generator = new Generator(0);
        using var weights = Weights.Drawn(generator, CPU);
        var always = weights.Under("a").Matrix("w", Initializers.Constant(2), 3, 5).Value; // 15 values, which do not fill their place in the buffer
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
        using var generator = new Generator(0);
        using var weights = Weights.Drawn(generator, CPU);
        var weight = weights.Under("a").Matrix("w", Initializers.Constant(2), 1, 1).Value;
        using var optimizer = new AdamW(weights, weightDecay: 0.1);

        optimizer.Step(0.05);

        Assert.AreEqual(2f, weight.item<float>());
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
