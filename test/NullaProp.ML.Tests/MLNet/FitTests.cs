using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;
using TorchSharp;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Fit is a pure function of data, options and seed.</summary>
[TestClass]
public sealed class FitTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);

    [TestMethod]
    public void Fit_Twice_GivesEqualBits() => AssertEqualBits(Fit(TinyImages.Options), Fit(TinyImages.Options));

    [TestMethod]
    public void Fit_OtherSeed_GivesAnotherModel() =>
        CollectionAssert.AreNotEqual(Fit(TinyImages.Options), Fit(TinyImages.Options with { Seed = 2 }));

    [TestMethod]
    public void Fit_SameTrainerAfterOtherData_IsUnchangedByIt()
    {
        var trainer = TinyImages.Trainer(Context);
        trainer.Fit(TinyImages.Keys(Context, rows: 30, seed: 5)).Dispose();

        using var model = trainer.Fit(Data);

        AssertEqualBits(Fit(TinyImages.Options), Scores(model));
        Assert.AreEqual(TinyImages.Options, trainer.Options);
    }

    [TestMethod]
    public void Fit_NoSeedInTheOptions_TakesTheContexts()
    {
        var trainer = TinyImages.Trainer(new MLContext(seed: 7), options => options with { Seed = null });

        using var model = trainer.Fit(Data);

        Assert.AreEqual(7, model.Model.Seed);
        AssertEqualBits(Fit(TinyImages.Options with { Seed = 7 }), Scores(model));
    }

    [TestMethod]
    public void Fit_NoSeedAnywhere_TakesZero()
    {
        var trainer = TinyImages.Trainer(new MLContext(), options => options with { Seed = null });

        using var model = trainer.Fit(Data);

        Assert.AreEqual(0, model.Model.Seed);
        AssertEqualBits(Fit(TinyImages.Options with { Seed = 0 }), Scores(model));
    }

    // ML.NET gives components random numbers in the order of their making; ours must not depend on it.
    [TestMethod]
    public void Fit_TrainerMadeAfterAnother_GivesTheSameModel()
    {
        var context = new MLContext(seed: 7);
        TinyImages.Trainer(context, options => options with { Seed = null });
        var second = TinyImages.Trainer(context, options => options with { Seed = null });

        using var model = second.Fit(Data);

        AssertEqualBits(Fit(TinyImages.Options with { Seed = 7 }), Scores(model));
    }

    [TestMethod]
    public void Fit_TwoThreadsOneTrainer_BothGiveTheModelOfOne()
    {
        var trainer = TinyImages.Trainer(Context);
        var scores = new float[2][];

        Parallel.For(0, scores.Length, i =>
        {
            using var model = trainer.Fit(Data);
            scores[i] = Scores(model);
        });

        AssertEqualBits(Fit(TinyImages.Options), scores[0]);
        AssertEqualBits(Fit(TinyImages.Options), scores[1]);
    }

    [TestMethod]
    public void Fit_AfterACacheCheckpoint_GivesTheSameModel()
    {
        var chain = Context.Transforms.CopyColumns("Copy", "Label").AppendCacheCheckpoint(Context).Append(TinyImages.Trainer(Context));

        using var model = chain.Fit(Data);

        AssertEqualBits(Fit(TinyImages.Options), Scores(model.LastTransformer));
    }

    [TestMethod]
    public void Fit_AndTransform_LeaveTheProcessWideGeneratorAlone()
    {
        var before = GlobalState();

        Fit(TinyImages.Options with { Sampling = TinyImages.Options.Sampling with { Draws = 2 } });

        CollectionAssert.AreEqual(before, GlobalState());
    }

    [TestMethod]
    public void Fit_ProcessWideGeneratorSeededByTheUser_ChangesNoModel()
    {
        var expected = Fit(TinyImages.Options);
        using var generator = torch.Generator.Default;
        using var state = generator.get_state();
        torch.manual_seed(12345);

        var actual = Fit(TinyImages.Options);

        AssertEqualBits(expected, actual);
        generator.set_state(state);
    }

    private static float[] Fit(NoPropOptions options)
    {
        using var model = TinyImages.Trainer(Context, _ => options).Fit(Data);
        return Scores(model);
    }

    private static float[] Scores(NoPropTransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score").SelectMany(row => row)];

    private static void AssertEqualBits(float[] expected, float[] actual) => CollectionAssert.AreEqual(expected, actual);

    private static byte[] GlobalState()
    {
        using var generator = torch.Generator.Default;
        using var state = generator.get_state();
        return state.data<byte>().ToArray();
    }
}
