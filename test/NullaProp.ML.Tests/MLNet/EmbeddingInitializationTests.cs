using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Embeddings that start at images go through a whole training, a file, and the single-image path.</summary>
[TestClass]
public sealed class EmbeddingInitializationTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);

    [TestMethod]
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.FeatureMedoidBySum, 16)] // HiddenSize
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.FeatureMedoidByMedian, 16)]
    [DataRow(EmbeddingKind.Learned, EmbeddingInitialization.PixelMedoid, 64)]
    [DataRow(EmbeddingKind.LearnedUnitNorm, EmbeddingInitialization.PixelMedoid, 64)]
    public void Load_ModelThatStartedAtImages_ScoresAsBefore(EmbeddingKind kind, EmbeddingInitialization initialization, int dimension)
    {
        using var model = TinyImages
            .Trainer(
                Context,
                options => options with
                {
                    Embedding = options.Embedding with { Kind = kind, Initialization = initialization },
                    Sampling = options.Sampling with { Draws = 2 },
                })
            .Fit(Data);

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, Data.Schema);

        SameData.AssertValues(model.Transform(Data), loaded.Transform(Data));
        Assert.AreEqual(initialization, loaded.Model.Options.Embedding.Initialization);
        Assert.Contains($"{3 * dimension}", loaded.Model.Summary.ToString()); // three rows
    }

    [TestMethod]
    public void Fit_UnitNormAtImages_HasRowsOfLengthOneAlsoAfterTraining()
    {
        using var model = TinyImages
            .Trainer(
                Context,
                options => options with
                {
                    Embedding =
                        options.Embedding with
                        {
                            Kind = EmbeddingKind.LearnedUnitNorm,
                            Initialization = EmbeddingInitialization.PixelMedoid,
                        },
                })
            .Fit(Data);

        Assert.AreEqual(1, model.Model.EmbeddingNorm, 1e-6);
    }

    [TestMethod]
    [DataRow(EmbeddingInitialization.FeatureMedoidByMedian)]
    [DataRow(EmbeddingInitialization.PixelMedoid)]
    public void Fit_Twice_GivesEqualBits(EmbeddingInitialization initialization)
    {
        var options =
            TinyImages.Options with
            {
                Embedding = TinyImages.Options.Embedding with { Kind = EmbeddingKind.Learned, Initialization = initialization },
            };

        CollectionAssert.AreEqual(Scores(options), Scores(options));
    }

    [TestMethod]
    public void Fit_FixedEmbeddings_RefuseAnInitialization() => BadInput.Fault.Caused<ArgumentOutOfRangeException>(
        () => Scores(TinyImages.Options with { Embedding = new() { Initialization = EmbeddingInitialization.PixelMedoid } }),
        "Embedding.Initialization is PixelMedoid, but ");

    [TestMethod]
    public void Fit_ClassWithoutRows_TellsItsNameAndLeavesNothing()
    {
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(TinyImages.Rows(12, 4, index => TinyImages.Names[index])));
        var some = Context.Data.FilterByCustomPredicate<Keyed>(data, row => row.Label == 4); // removes the newts

        BadInput.Fault.Of<InvalidOperationException>(
            () => TinyImages
                .Trainer(
                    Context,
                    options => options with
                    {
                        Embedding =
                            options.Embedding with { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.PixelMedoid },
                    })
                .Fit(some),
            "Class 'newt' has no row among the 9 of the training data, but EmbeddingInitialization.PixelMedoid starts each class at one "
                + "of its rows.");
    }

    private static float[] Scores(NoPropOptions options)
    {
        using var model = TinyImages.Trainer(Context, _ => options).Fit(Data);
        return [.. model.Transform(Data).GetColumn<float[]>("Score").SelectMany(row => row)];
    }

    private sealed class Keyed
    {
        [KeyType(4)]
        public uint Label { get; set; }
    }
}
