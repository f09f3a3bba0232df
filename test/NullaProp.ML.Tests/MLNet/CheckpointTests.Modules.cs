using Microsoft.ML;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A network of the user's own, of which checkpoints hold no code.</summary>
public sealed partial class CheckpointTests
{
    private static readonly NoPropOptions OfModule = Options with { Backbone = NoPropBackbone.Custom, BackboneName = "mine" };

    // A batch normalisation without momentum takes the mean over all batches, which it counts.
    [TestMethod]
    public void Fit_ModuleThatCountsItsBatches_EndsAtTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Validation = Watched };
        using var expected = OfOwn(Counting).Fit(Data, run);
        var kept = run with { Checkpoints = new(folder.Path) };

        NoPropBackbones.Register("mine", Counting);
        Interruptions.FitUntil(Context, OfModule, Data, kept, epoch: 1, step: 1);
        using var actual = OfOwn(Counting).Fit(Data, kept);

        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_AnotherModule_IsToldFromThatOfTheCheckpoint()
    {
        using var folder = new TempFolder();
        var kept = new NoPropRun { Checkpoints = new(folder.Path) };
        OfOwn(_ => Layers(nn.ReLU())).Fit(Data, kept).Dispose();

        Refused(_ => Layers(nn.Tanh()), "the module of the backbone 'mine' makes something else of the same image with the same weights.");
        Refused(_ => nn.Sequential(nn.Flatten(), nn.Linear(64, 7)), "is (7, 64) instead of (6, 64).");
        Refused(_ => nn.Sequential(nn.Flatten(), nn.Linear(64, 6, hasBias: false)), "is not there instead of (6).");
        Refused(_ => Layers(nn.Linear(6, 6)), "is (6, 6) instead of not there.");
        OfOwn(_ => Layers(nn.ReLU())).Fit(Data, kept).Dispose();

        void Refused(Func<ImageShape, Module> create, string sentence)
        {
            var fault = Assert.Throws<InvalidOperationException>(() => OfOwn(create).Fit(Data, kept));

            StringAssert.StartsWith(fault.Message, "The checkpoint is of another training: the ");
            StringAssert.Contains(fault.Message, sentence);
        }

        static Module Layers(Module last) => nn.Sequential(nn.Flatten(), nn.Linear(64, 6), last);
    }

    private static Module Counting(ImageShape shape)
    {
        var norm = nn.BatchNorm2d(3);
        norm.momentum = null;
        return nn.Sequential(nn.Conv2d(shape.Channels, 3, 3), norm, nn.ReLU(), nn.Flatten());
    }

    private static NoPropTrainer OfOwn(Func<ImageShape, Module> create) =>
        Context.MulticlassClassification.Trainers.NoProp(OfModule, create);
}
