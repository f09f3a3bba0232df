using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tests.Plan;
using NullaProp.ML.Variants;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class PreconditionedFlowTests
{
    private const double Label = 0.8;
    private const double Epsilon = -1.1;

    [TestMethod]
    [DataRow(0.1, 0.0, 1.0)]
    [DataRow(0.1, 0.3, 0.8)]
    [DataRow(0.01, 0.0, 1.0)]
    [DataRow(1.0, 0.2, 0.9)]
    public void Transition_OutputThatIsHeld_EndsWhereRungeKuttaDoes(double labelVariance, double from, double to)
    {
        var flow = new PreconditionedFlow(labelVariance);

        var step = flow.Transition(Level(from), Level(to));

        Assert.AreEqual(Solve(flow, -1.3, from, to, _ => 0.7), (step.State * -1.3) + (step.Prediction * 0.7), 1e-8);
    }

    [TestMethod]
    [DataRow(0.1, 0.0, 1.0)]
    [DataRow(0.01, 0.3, 0.9)]
    public void Ramp_OutputLinearInTheClock_EndsWhereRungeKuttaDoes(double labelVariance, double from, double to)
    {
        var flow = new PreconditionedFlow(labelVariance);
        var whole = flow.Elapsed(Level(from), Level(to));

        var end = Solve(flow, 0, from, to, t => flow.Elapsed(Level(from), Level(t)) / whole);

        Assert.AreEqual(end, flow.Ramp(Level(from), Level(to)), 1e-8);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.3)]
    [DataRow(0.95)]
    public void Rate_OfTheTargetOnAPath_IsLabelLessNoise(double time)
    {
        var flow = new PreconditionedFlow(0.1);
        var z = (time * Label) + ((1 - time) * Epsilon);
        var (rate, target) = (flow.Rate(Level(time)), flow.Target(Level(time), Label, z));
        var clean = flow.CleanLabel(time);

        Assert.AreEqual(Label - Epsilon, (rate.State * z) + (rate.Prediction * target), 1e-12);
        Assert.AreEqual(Label, (clean.State * z) + (clean.Prediction * target), 1e-12);
    }

    // By Bayes' rule over two labels, −1 and 1, of one dimension: both expectations as sums over a fine grid of z₀.
    [TestMethod]
    [DataRow(VelocityForm.Raw, 0.0, 0.4)]
    [DataRow(VelocityForm.Raw, 0.5, 0.4)]
    [DataRow(VelocityForm.Raw, 0.5, 1.0)]
    [DataRow(VelocityForm.Preconditioned, 0.3, 0.0)]
    [DataRow(VelocityForm.Preconditioned, 0.9, 0.2)]
    public void CleanLabel_OfTheIdealVelocityWithNoiseAroundThePath_IsTheExpectedLabel(VelocityForm form, double time, double noise)
    {
        const double z = 0.7;
        double[] labels = [-1, 1];
        double[] priors = [0.3, 0.7];
        var (mass, label, velocity) = (0.0, 0.0, 0.0);
        for (var start = -8.0; start <= 8; start += 0.001) // z₀
        {
            for (var k = 0; k < 2; k++)
            {
                var rest = (z - (time * labels[k]) - ((1 - time) * start)) / noise; // ε
                var density = priors[k] * Math.Exp(-0.5 * ((start * start) + (rest * rest)));
                mass += density;
                label += density * labels[k];
                velocity += density * (labels[k] - start);
            }
        }

        var flow = VelocityFlow.Of(form, 10);
        var rate = flow.Rate(Level(time));
        var output = ((velocity / mass) - (rate.State * z)) / rate.Prediction; // of a network that says this velocity

        var clean = flow.CleanLabel(time, noise);

        Assert.AreEqual(label / mass, (clean.State * z) + (clean.Prediction * output), 1e-6);
    }

    // For independent u and ε of variances s² and 1 the target α·u + β·ε is what z does not tell, and of variance 1.
    [TestMethod]
    [DataRow(0.1, 0.0)]
    [DataRow(0.1, 0.5)]
    [DataRow(0.1, 0.9)]
    [DataRow(0.002, 0.9)]
    public void Target_AtAnyTime_HasVarianceOneAndNoCorrelationWithZ(double labelVariance, double time)
    {
        var flow = new PreconditionedFlow(labelVariance);

        var (alpha, beta) = (flow.Target(Level(time), 1, time), flow.Target(Level(time), 0, 1 - time));

        Assert.AreEqual(1, (alpha * alpha * labelVariance) + (beta * beta), 1e-12);
        Assert.AreEqual(0, (alpha * time * labelVariance) + (beta * (1 - time)), 1e-12);
    }

    [TestMethod]
    public void VelocityAndWeight_OfABatch_AreThoseOfTheRate()
    {
        using var scope = NewDisposeScope();
        var flow = new PreconditionedFlow(0.1);
        double[] times = [0, 0.25, 0.9];

        var velocity = flow.Velocity(full(3, 2, 0.7f), full(3, 2, -1.3f), tensor(times).to(float32).view(3, 1));
        var weight = flow.Weight(tensor(times).to(float32).view(3, 1));

        foreach (var (row, time) in times.Index())
        {
            var rate = flow.Rate(Level(time));
            Assert.AreEqual((rate.State * -1.3) + (rate.Prediction * 0.7), velocity[row, 1].item<float>(), 1e-6);
            Assert.AreEqual(0.1 / (rate.Prediction * rate.Prediction) * 3 / 1.1, weight[row, 0].item<float>(), 1e-5);
        }
    }

    // By the midpoint rule on 1,000 intervals.
    [TestMethod]
    public void Weight_OverAllTimes_HasTheMeanOne()
    {
        using var scope = NewDisposeScope();
        var times = tensor(Enumerable.Range(0, 1000).Select(i => (i + 0.5f) / 1000).ToArray()).view(-1, 1);

        Assert.AreEqual(1, new PreconditionedFlow(0.1).Weight(times).mean().item<float>(), 1e-5);
    }

    // Twice the steps, a half or a quarter of the error.
    [TestMethod]
    [DataRow(OdeSolver.Euler, 1)]
    [DataRow(OdeSolver.ExponentialEuler, 1)]
    [DataRow(OdeSolver.Heun, 2)]
    [DataRow(OdeSolver.ExponentialHeun, 2)]
    [DataRow(OdeSolver.Multistep, 2)]
    public void Steps_OutputThatDependsOnZAndTime_ConvergeByTheSolversOrder(OdeSolver solver, int order)
    {
        var flow = new PreconditionedFlow(0.1);
        var known = RungeKutta.Solve(Slope, Epsilon, 0, 1, steps: 4000);

        double[] errors = [.. new[] { 50, 100, 200 }.Select(steps => Math.Abs(End(steps) - known))];

        Assert.IsTrue(
            errors.Zip(errors.Skip(1)).All(pair => pair.Second < 1.2 * pair.First / Math.Pow(2, order)),
            string.Join(", ", errors));
        Assert.IsLessThan(0.03, errors[0]);

        double Slope(double t, double z) => (flow.Rate(Level(t)).State * z) + (flow.Rate(Level(t)).Prediction * Output(t, z));

        double End(int steps) =>
            PlanExecution.End(
                new PlanCompiler(flow, times => [.. times.Select(Level)], classes: 10).Steps(solver, steps),
                [Epsilon],
                (z, t) => [Output(t, z[0])])[0];

        static double Output(double t, double z) => 0.5 + (Math.Cos(3 * t) * Math.Tanh(z));
    }

    private static double Solve(PreconditionedFlow flow, double z, double from, double to, Func<double, double> output) => RungeKutta.Solve(
        (t, z) =>
        {
            var rate = flow.Rate(Level(t));
            return (rate.State * z) + (rate.Prediction * output(t));
        },
        z,
        from,
        to,
        steps: 4000);

    private static NoiseLevel Level(double time) => new(time, LogSnr: 0, LogSnrRate: 0); // flow matching goes by the time alone
}
