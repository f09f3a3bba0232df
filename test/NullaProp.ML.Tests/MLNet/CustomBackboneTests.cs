using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// A module of the user's own as the image network, with batch normalisation and dropout, so that the modes of training and scoring matter.
/// </summary>
[TestClass]
public sealed partial class CustomBackboneTests
{
    private const string Name = "custom backbone of these tests";

    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        NoPropBackbones.Register(Name, Create);
        _model = Train();
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Fit_OwnModule_LearnsAndCountsItsWeights()
    {
        Assert.IsGreaterThan(0.9, Context.MulticlassClassification.Evaluate(_model.Transform(_data)).MicroAccuracy);
        // 64→12 with bias, the norm's scale and shift, and the linear layer 12→16 behind it.
        Assert.AreEqual(
            (64L * 12) + 12 + 24 + (12 * 16) + 16,
            _model.Model.Summary.Parts.Single(part => part.Name == "backbone").Parameters);
        Assert.AreEqual((NoPropBackbone.Custom, Name), (_model.Model.Options.Backbone, _model.Model.Options.BackboneName));
    }

    [TestMethod]
    public void Denoiser_OwnModuleInEveryBlock_StartsFromDifferentWeightsOfOneSeed()
    {
        using var first = Blocks();
        using var second = Blocks();

        using var scope = NewDisposeScope();
        Assert.IsTrue(Linear(first, 1).equal(Linear(second, 1)).all().item<bool>());
        Assert.IsFalse(Linear(first, 1).equal(Linear(first, 2)).all().item<bool>());

        static Denoiser Blocks()
        {
            var options =
                TinyImages.Options with
                {
                    Backbone = NoPropBackbone.Custom,
                    BackboneName = Name,
                    Variant = new DiscreteTime { BlockCount = 2 },
                };
            return new Denoiser(Weights.Drawn(new RandomStreams(5), CPU), options, new ImageShape(1, 8, 8), 3);
        }

        static Tensor Linear(Denoiser model, int block) =>
            model.Weights.Values.Single(weight => weight.Key == $"block{block}.backbone.module.linear.weight").Value;
    }

    [TestMethod]
    public void Load_OwnModule_ScoresTheSameWithItsRunningAverages()
    {
        var loaded = EstimatorContract.Reloaded(Context, _model, _data.Schema);

        SameData.AssertValues(_model.Transform(_data), loaded.Transform(_data));
        ((IDisposable)loaded).Dispose();
    }

    // Only training in training mode moves them from 0.
    [TestMethod]
    public void Save_OwnModule_StoresTheAveragesOfItsNorm()
    {
        using var file = new MemoryStream();

        Context.Model.Save(_model, _data.Schema, file);

        file.Position = 0;
        using var zip = new ZipArchive(file);
        using var stream = zip.Entries.Single(entry => entry.Name == ModelFile.WeightsName).Open();
        var stored = WrittenTensors.Read(stream);
        Assert.IsTrue(stored["backbone.module.norm.running_mean"].Values.All(value => value != 0));
    }

    [TestMethod]
    public void Transform_RowAlone_AgreesWithTheBatch()
    {
        var batch = _model.Transform(_data).GetColumn<float[]>("Score").ToArray();

        var alone = _model.Transform(Context.Data.TakeRows(_data, 1)).GetColumn<float[]>("Score").Single();

        Cells.AssertSame([.. batch[0].Cast<object>()], [.. alone.Cast<object>()], 1e-5f, "row 0");
    }

    // Its dropout draws from the process-wide generator, which knows no seed of ours.
    [TestMethod]
    public void Fit_OwnModuleWithDropoutTwice_GivesTheSameScores()
    {
        using var again = Train();

        SameData.AssertValues(_model.Transform(_data), again.Transform(_data));
    }

    [TestMethod]
    public void ModelSummary_OwnModule_PutsTheSharedGeneratorBack()
    {
        using var scope = NewDisposeScope();
        var before = Generator.Default.get_state();

        _ = ModelSummary.Of(_model.Model.Options, _model.Model.ImageShape, 3);

        Assert.IsTrue(Generator.Default.get_state().equal(before).all().item<bool>());
    }

    [TestMethod]
    public void Fit_UnregisteredModule_TellsHowToRegisterIt()
    {
        var options = TinyImages.Options with { Backbone = NoPropBackbone.Custom, BackboneName = "nobody's" };

        Fault.Of<InvalidOperationException>(
            () => Context.MulticlassClassification.Trainers.NoProp(options).Fit(_data),
            "The backbone 'nobody's' is not registered in this process",
            "NoPropBackbones.Register(\"nobody's\"");
    }

    [TestMethod]
    public void Fit_TwoTrainersOfOneName_EachTrainsItsOwnNetwork()
    {
        var options = TinyImages.Options with { BackboneName = "two of one name" };
        var first = Context.MulticlassClassification.Trainers.NoProp(options, shape => Sized(shape, 5));
        var second = Context.MulticlassClassification.Trainers.NoProp(options, shape => Sized(shape, 7));

        using var one = first.Fit(_data);
        using var other = second.Fit(_data);
        using var further = second.Fit(_data, one);

        // 64→F with bias, and the linear layer F→16 behind it. A model trained further keeps its network.
        Assert.AreEqual((64L * 5) + 5 + (5 * 16) + 16, Weights(one));
        Assert.AreEqual((64L * 7) + 7 + (7 * 16) + 16, Weights(other));
        Assert.AreEqual(Weights(one), Weights(further));

        static Sequential Sized(ImageShape shape, int width) =>
            nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(shape.Size, width)));

        static long Weights(NoPropTransformer model) => model.Model.Summary.Parts.Single(part => part.Name == "backbone").Parameters;
    }

    [TestMethod]
    public void Load_NetworkOfATrainerAlone_TellsHowToRegisterIt()
    {
        using var model = Context.MulticlassClassification.Trainers
            .NoProp(TinyImages.Options with { BackboneName = "a trainer's own" }, Create)
            .Fit(_data);

        Assert.HasCount(48, model.Transform(_data).GetColumn<float[]>("Score").ToArray());
        Fault.Of<InvalidOperationException>(
            () => EstimatorContract.Reloaded(Context, model, _data.Schema),
            "The backbone 'a trainer's own' is not registered in this process",
            "NoPropBackbones.Register(\"a trainer's own\", shape => …) before loading");
    }

    [TestMethod]
    public void Load_AnotherModuleUnderTheName_SaysThatItIsNotTheOne()
    {
        using var model = Context.MulticlassClassification.Trainers
            .NoProp(TinyImages.Options with { BackboneName = "changing" }, Create)
            .Fit(_data);
        NoPropBackbones.Register("changing", shape => nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(shape.Size, 13))));

        Fault.Of<FormatException>(
            () => EstimatorContract.Reloaded(Context, model, _data.Schema),
            "the module that is registered as backbone 'changing' is not the one that the model was trained with: ",
            "'backbone.module.linear.weight'");
    }

    // Models would change with the training of others, and blocks would not be apart.
    [TestMethod]
    public void Fit_ModuleOfAnotherNetwork_IsRefused()
    {
        nn.Module<Tensor, Tensor>? layer = null;
        var options = TinyImages.Options with { BackboneName = "shared", Epochs = 1 };
        var whole = nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(64, 8)));
        var again = Context.MulticlassClassification.Trainers.NoProp(options, _ => whole);
        var partly = Context.MulticlassClassification.Trainers.NoProp(
            options with { Variant = new DiscreteTime { BlockCount = 2 } },
            _ => nn.Sequential(("flatten", nn.Flatten()), ("linear", layer ??= nn.Linear(64, 8))));
        again.Fit(_data).Dispose();

        Fault.Of<InvalidOperationException>(
            () => again.Fit(_data),
            "The function of the backbone 'shared' returned a module, or a part of one, that it had returned before");
        Fault.Of<InvalidOperationException>(() => partly.Fit(_data), "Make all layers anew in the function");
    }

    [TestMethod]
    public void Fit_ModuleThatDoesNotFlatten_TellsItsShape()
    {
        var trainer = Context.MulticlassClassification.Trainers.NoProp(
            TinyImages.Options with { BackboneName = "no flatten" },
            _ => nn.Sequential(("relu", nn.ReLU())));

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(_data),
            "Float32 of shape (2, 1, 8, 8) of 2 images of 1×8×8, but must make Float32 of shape (2, F)");
    }

    // It would come back as the module was made, and score otherwise.
    [TestMethod]
    public void Fit_ModuleWithABufferOfDoublePrecision_NamesIt()
    {
        var options = TinyImages.Options with { BackboneName = "doubles" };
        var trainer = Context.MulticlassClassification.Trainers.NoProp(
            options,
            shape => nn.Sequential(
                ("flatten", nn.Flatten()), ("norm", nn.BatchNorm1d(shape.Size, affine: false, dtype: ScalarType.Float64))));

        Fault.Of<InvalidOperationException>(
            () => trainer.Fit(_data), "The buffer 'norm.running_mean' of the backbone 'doubles' is Float64, but must be Float32");
    }

    [TestMethod]
    public void NoProp_OwnModuleWithoutAName_AsksForOne()
    {
        var fault =
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Context.MulticlassClassification.Trainers.NoProp(
                TinyImages.Options,
                Create));

        Assert.Contains("BackboneName is empty", fault.Message);
    }

    private static NoPropTransformer Train() =>
        Context.MulticlassClassification.Trainers.NoProp(TinyImages.Options with { BackboneName = Name, Epochs = 6 }, Create).Fit(_data);

    private static Sequential Create(ImageShape shape) =>
        nn.Sequential(
            ("flatten", nn.Flatten()),
            ("linear", nn.Linear(shape.Size, 12)),
            ("norm", nn.BatchNorm1d(12)),
            ("relu", nn.ReLU()),
            ("dropout", nn.Dropout(0.1)));
}
