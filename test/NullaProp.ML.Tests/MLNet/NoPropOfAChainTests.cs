using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>The NoProp transformer of a chain: found in it, and replaced by one that scores otherwise.</summary>
[TestClass]
public sealed class NoPropOfAChainTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Texts(Context);

    [TestMethod]
    public void WithNoProp_OtherSampling_IsSavedWithTheStepsAroundIt()
    {
        using var chain = Fitted();
        var before = Scores(chain);
        using var finer = chain.GetNoPropTransformer().WithSampling(sampling => sampling with { SolverSteps = 5, Draws = 2 });

        var changed = chain.WithNoProp(_ => finer);

        using var loaded = (TransformerChain<ITransformer>)EstimatorContract.Reloaded(Context, changed, Data.Schema);
        CollectionAssert.AreEqual(Scores(changed), Scores(loaded));
        CollectionAssert.AreNotEqual(before, Scores(loaded));
        CollectionAssert.AreEqual(before, Scores(chain), "the chain stays as it was");
        var names = loaded.Transform(Data).GetColumn<string>("PredictedLabel").Distinct();
        CollectionAssert.AreEquivalent(new[] { "cat", "dog", "owl" }, names.ToArray());
        Assert.AreEqual(5, loaded.GetNoPropTransformer().Model.Options.Sampling.SolverSteps);
    }

    [TestMethod]
    public void WithNoProp_TransformerAloneAndChainsInChains_AreReplaced()
    {
        using var chain = Fitted();
        var alone = chain.GetNoPropTransformer();
        using var renamed = alone.WithColumns(score: "Shares");
        var outer = new TransformerChain<ITransformer>(chain);

        Assert.AreSame(renamed, alone.WithNoProp(_ => renamed));
        Assert.AreSame(renamed, outer.WithNoProp(_ => renamed).GetNoPropTransformer());
        Assert.IsNotNull(outer.WithNoProp(_ => renamed).GetOutputSchema(Data.Schema).GetColumnOrNull("Shares"));
    }

    // A step over the label is for training and testing alone, where its user says so.
    [TestMethod]
    public void WithNoProp_StepsOfAScope_KeepIt()
    {
        using var chain = new EstimatorChain<ITransformer>()
            .Append(Context.Transforms.Conversion.MapValueToKey("Label"), TransformerScope.TrainTest)
            .Append(TinyImages.Trainer(Context)).Fit(Data);
        using var other = chain.GetNoPropTransformer().WithColumns(score: "Shares");

        var changed = (TransformerChain<ITransformer>)chain.WithNoProp(_ => other);

        Assert.AreSame(other, changed.GetModelFor(TransformerScope.Scoring).Single());
        Assert.HasCount(2, changed.GetModelFor(TransformerScope.Testing).ToList());
    }

    [TestMethod]
    public void GetNoPropTransformer_TwoInAChain_SaysHowToTakeOne()
    {
        using var chain = Fitted();
        var two = new TransformerChain<ITransformer>(chain.GetNoPropTransformer(), chain.GetNoPropTransformer());

        var fault = Assert.ThrowsExactly<ArgumentException>(() => two.GetNoPropTransformer());

        Assert.Contains("The model has 2 NoProp transformers, but must have one;", fault.Message);
        Assert.Contains("Take one of them out of the chain: chain.OfType<NoPropTransformer>().First().", fault.Message);
        Assert.ThrowsExactly<ArgumentException>(() => two.WithNoProp(noprop => noprop));
    }

    [TestMethod]
    public void WithNoProp_NullForTheOther_SaysWhatToWrite()
    {
        using var chain = Fitted();

        var fault = Assert.ThrowsExactly<ArgumentException>(() => chain.WithNoProp(_ => null!));

        Assert.Contains("The function returned null, but must return another transformer. Write noprop => noprop.With", fault.Message);
    }

    private static TransformerChain<KeyToValueMappingTransformer> Fitted() =>
        Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(TinyImages.Trainer(Context))
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(Data);

    private static float[] Scores(ITransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score").SelectMany(row => row)];
}
