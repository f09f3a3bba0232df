using Microsoft.ML;
using NullaProp.ML.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>A loss that is no number any more ends the training with advice.</summary>
[TestClass]
public sealed class DivergenceTests
{
    private const string Name = "module of divergence";

    // Steps as long as the options allow, and a module that takes the first of them beyond all numbers, on every processor.
    private static readonly NoPropOptions Reckless = Tiny.Options with
    {
        Epochs = 60,
        LearningRate = 10,
        LearningRateSchedule = LearningRateSchedule.Constant,
        WarmupFraction = 0,
        Backbone = NoPropBackbone.Custom,
        BackboneName = Name,
        BackbonePrecision = BackbonePrecision.Full,
        Variant = ((ContinuousTime)Tiny.Options.Variant) with { LossWeighting = LossWeighting.SnrDerivative },
    };

    [ClassInitialize]
    public static void Register(TestContext context) =>
        NoPropBackbones.Register(Name, shape => nn.Sequential(nn.Flatten(), nn.Linear(shape.Size, 5), new Explosive(5)));

    // The first step's loss is that of the parameters as they are drawn.
    [TestMethod]
    public void Fit_LossDiverges_NamesEpochAndStepAndAdvises()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Reckless);

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(Tiny.Data(context)),
            " became NaN or infinite in epoch 1 at step 2 of 2, so training was stopped. Lower LearningRate (now 10), choose "
                + "LossWeighting.Uniform (now SnrDerivative), or scale the pixels if they are huge.");

        Tiny.AssertTrains(context, Tiny.Trainer(context));
    }

    // A stiff equation in steps too long for it: neither the network nor the rate is to blame.
    [TestMethod]
    public void FitAndScore_StepsThatMultiplyTheNoisyLabelBeyondAllNumbers_BlameTheSteps()
    {
        var context = new MLContext(seed: 1);
        var options = Tiny.Options with
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LinearLogSnr, LogSnrAtLabel = 20 },
            Sampling = new(),
        };
        var stiff = new Sampling { Dynamics = FlowDynamics.SimplifiedFlow, SolverSteps = 40, Draws = 1 };
        const string cause = "Heun steps multiply the noisy label by up to ";
        const string cure = " on its way, for 40 of them are too long for SimplifiedFlow. Take more SolverSteps, an exponential Solver, or "
            + "FlowDynamics.ProbabilityFlow.";

        Fault.Of<InvalidOperationException>(
            () => Tiny.Trainer(context, options with { Sampling = stiff }).Fit(Tiny.Data(context)), cause, cure);

        using var model = Tiny.Model(context, options);
        using var other = model.WithSampling(_ => stiff);
        Fault.Of<InvalidOperationException>(
            () => Tiny.Scores(context, other, Tiny.Photos()), $"Row 0 cannot be scored, and neither can others: {cause}", cure);
        Assert.HasCount(Tiny.Photos().Count, Tiny.Scores(context, model, Tiny.Photos()));
    }

    [TestMethod]
    public void Fit_PixelsSpreadOverTheWholeRange_NamesEpochAndStep()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);
        var photos = Tiny.Photos();
        photos.ForEach(photo => Array.Fill(photo.Features, float.MinValue));
        photos[0].Features[0] = float.MaxValue; // too far from the mean for single precision

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(context.Data.LoadFromEnumerable(photos)),
            "The loss became NaN or infinite in epoch 1 at step ",
            "(now 0.001)",
            "or scale the pixels if they are huge.");

        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_LossDivergesWithValidationAndPatience_LeavesNothing()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Reckless with { EarlyStoppingPatience = 100_000 });

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(Tiny.Data(context), Tiny.Data(context)), "became NaN or infinite in epoch 1 ");
    }

    // Adam's first step is as long as the rate, whatever the gradient: of 0 it makes 10 or -10, and of that an infinite number.
    private sealed class Explosive : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _exponent;

        public Explosive(int size)
            : base(nameof(Explosive))
        {
            _exponent = nn.Parameter(zeros(size));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input + (_exponent * 100).sinh();
    }
}
