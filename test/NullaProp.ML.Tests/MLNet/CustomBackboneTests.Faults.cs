using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Modules with a slip, each of which gets a sentence, and a module that reads a table.</summary>
public sealed partial class CustomBackboneTests
{
    // Its loaded model would have drawn other weights, and score by chance. What it does not register it does not dispose of either.
    [TestMethod]
    public void Fit_ModuleThatRegistersNothing_SaysSo()
    {
        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Trainer(shape => new Odd(shape, isRegistered: false)).Fit(_data));

        Assert.Contains("gives other features when it is made a second time with the same parameters and buffers", fault.Message);
        Assert.Contains("Call RegisterComponents() at the end of its constructor", fault.Message);
    }

    [TestMethod]
    public void Fit_ModuleThatDrawsWhileItScores_SaysSo() => Fault.Of<InvalidOperationException>(
        () => Trainer(shape => new Odd(shape) { Noise = 1 }).Fit(_data),
        "gives other features each time that it sees the same images in evaluation mode");

    [TestMethod]
    public void Fit_FunctionThatMakesAnotherModuleEachTime_SaysSo()
    {
        var width = 8;

        Fault.Of<InvalidOperationException>(
            () => Trainer(shape => nn.Sequential(nn.Flatten(), nn.Linear(shape.Size, width++))).Fit(_data),
            $"The function of the backbone '{Name}' makes modules of different parameters or buffers");
    }

    // The trial of a module draws, and so do modules.
    [TestMethod]
    public void Fit_OwnModule_LeavesTheRandomNumbersOfTheProgram()
    {
        manual_seed(7);
        using var expected = rand(3);
        manual_seed(7);

        Trainer(shape => nn.Sequential(nn.Flatten(), nn.Linear(shape.Size, 8), nn.Dropout(0.5))).Fit(_data).Dispose();

        using var actual = rand(3);
        CollectionAssert.AreEqual(expected.data<float>().ToArray(), actual.data<float>().ToArray());
    }

    [TestMethod]
    public void Fit_ModuleThatThrows_NamesItAndWhatItGot() => Fault.Of<InvalidOperationException>(
        () => Trainer(_ => nn.Sequential(nn.Linear(7, 3))).Fit(_data),
        $"The backbone '{Name}' failed on images of shape (2, 1, 8, 8), of which it must make features of shape (2, F): "
            + "mat1 and mat2 shapes cannot be multiplied (16x8 and 7x3).");

    [TestMethod]
    public void Fit_BatchNormAndABatchOfOneRow_SaysWhatToChange() => Fault.Of<InvalidOperationException>(
        () => Context.MulticlassClassification.Trainers.NoProp(
            TinyImages.Options with { Backbone = NoPropBackbone.Custom, BackboneName = Name, Epochs = 1, BatchSize = 8 },
            shape => nn.Sequential(nn.Flatten(), nn.BatchNorm1d(shape.Size), nn.Linear(shape.Size, 4)))
            .Fit(Context.Data.TakeRows(_data, 25)),
        "The last of 25 rows is a batch of its own: if the module divides by a batch's own deviation, as BatchNorm does, which one row",
        "choose another BatchSize (now 8). Else lower LearningRate");

    [TestMethod]
    public void Fit_ModuleOfATable_TrainsAndLoads()
    {
        NoPropBackbones.Register("of a table", Create);
        var rows = Enumerable.Range(0, 40)
            .Select(row => new TableRow { Label = row % 2 == 0 ? "a" : "b", Features = [row % 2, row % 3, 5] });
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(rows.ToList()));
        var options = TinyImages.Options with { Backbone = NoPropBackbone.Custom, BackboneName = "of a table", Epochs = 20 };

        Fault.Of<ArgumentOutOfRangeException>(
            () => Context.MulticlassClassification.Trainers.NoProp(options).Fit(data),
            "For a row of a table, set ImageShape = new(3, 1, 1)");
        using var model = Context.MulticlassClassification.Trainers.NoProp(options with { ImageShape = new(3, 1, 1) }).Fit(data);

        Assert.AreEqual(1, Context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
        SameData.AssertValues(model.Transform(data), EstimatorContract.Reloaded(Context, model, data.Schema).Transform(data));

        static nn.Module<Tensor, Tensor> Create(ImageShape shape) => nn.Sequential(nn.Flatten(), nn.Linear(shape.Size, 8), nn.ReLU());
    }

    private static NoPropTrainer Trainer(Func<ImageShape, nn.Module<Tensor, Tensor>> create) =>
        Context.MulticlassClassification.Trainers.NoProp(
            TinyImages.Options with { Backbone = NoPropBackbone.Custom, BackboneName = Name, Epochs = 1 }, create);

    private sealed class Odd : nn.Module<Tensor, Tensor>
    {
        private readonly Linear _linear;

        public Odd(ImageShape shape, bool isRegistered = true)
            : base("odd")
        {
            _linear = nn.Linear(shape.Size, 8);
            if (isRegistered)
            {
                RegisterComponents();
            }
        }

        public double Noise { get; init; }

        public override Tensor forward(Tensor input) => _linear.call(input.flatten(1)) + (randn(1) * Noise);
    }

    private sealed class TableRow
    {
        public string Label { get; init; } = string.Empty;

        [VectorType(3)]
        public float[] Features { get; init; } = [];
    }
}
