using Microsoft.ML;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class ClassPrototypesTests
{
    private static readonly NoPropOptions Pixels = new()
    {
        Embedding = new() { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.PixelMedoid },
    };
    private static readonly string[] Names = ["cat", "dog", "owl"];

    // Images of one colour each, so that pixel distances are those of numbers on a line: MedoidTests has their middles.
    [TestMethod]
    public void Set_PixelMedoid_IsTheNormalizedImageInTheMiddleOfItsClassOverTheMeanLength()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(Pixels);
        model.Normalization.Set([5], [0.5]); // −2, 3 and 1 in each of 64 pixels: lengths 16, 24 and 8

        Set(model, Pixels, Store([100, 0, 1, 101, 2], [13, 11, 10, 0], [7]));

        CollectionAssert.AreEqual(new long[] { 3, 64 }, model.Embedding.Matrix().shape);
        CollectionAssert.AreEqual(Row((1 - 5) / 2f / 16), Row(model, 0));
        CollectionAssert.AreEqual(Row((11 - 5) / 2f / 16), Row(model, 1));
        CollectionAssert.AreEqual(Row((7 - 5) / 2f / 16), Row(model, 2));
    }

    [TestMethod]
    [DataRow(EmbeddingInitialization.FeatureMedoidBySum)]
    [DataRow(EmbeddingInitialization.FeatureMedoidByMedian)]
    public void Set_FeatureMedoidOfTenImages_IsTheirMiddleByTheUntrainedBackbone(EmbeddingInitialization initialization)
    {
        using var scope = NewDisposeScope();
        var options = Pixels with { Embedding = Pixels.Embedding with { Initialization = initialization } };
        using var model = TinyModel.Create(options);
        var store = RandomStore(each: 10);

        Set(model, options, store);

        Assert.AreEqual(8, model.Embedding.Dimension); // the width of the features
        var middles = stack([.. Enumerable.Range(0, 3).Select(index =>
        {
            var features = Features(model, store, index); // (10, 8)
            return features[initialization == EmbeddingInitialization.FeatureMedoidBySum
                ? Medoid.BySumOfSquares(features)
                : Medoid.ByMedian(features)];
        })]);
        Assert.IsTrue(model.Embedding.Matrix().allclose(middles / middles.norm(1, false, 2f).mean(), rtol: 1e-6, atol: 0));
    }

    [TestMethod]
    public void Set_FeatureMedoidOfManyImages_IsAmongThemAndDependsOnTheSeed()
    {
        using var scope = NewDisposeScope();
        var options = Pixels with { Embedding = Pixels.Embedding with { Initialization = EmbeddingInitialization.FeatureMedoidByMedian } };
        var store = RandomStore(each: 60);
        using var one = TinyModel.Create(options);
        using var same = TinyModel.Create(options);
        using var other = TinyModel.Create(options);

        Set(one, options, store, seed: 1);
        Set(same, options, store, seed: 1);
        Set(other, options, store, seed: 2);

        Assert.IsTrue(HasDirection(Features(one, store, 2), one.Embedding.Matrix()[2])); // batches of other sizes round otherwise
        Assert.IsTrue(one.Embedding.Matrix().equal(same.Embedding.Matrix()).all().item<bool>());
        Assert.IsFalse(one.Embedding.Matrix().equal(other.Embedding.Matrix()).all().item<bool>());
    }

    [TestMethod]
    [DataRow(EmbeddingInitialization.FeatureMedoidBySum)]
    [DataRow(EmbeddingInitialization.FeatureMedoidByMedian)]
    [DataRow(EmbeddingInitialization.PixelMedoid)]
    public void Set_UnitNorm_KeepsTheDirectionAlone(EmbeddingInitialization initialization)
    {
        using var scope = NewDisposeScope();
        var learned = Pixels with { Embedding = Pixels.Embedding with { Initialization = initialization } };
        var unit = learned with { Embedding = learned.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm } };
        using var plain = TinyModel.Create(learned);
        using var directed = TinyModel.Create(unit);

        Set(plain, learned, RandomStore(each: 5));
        Set(directed, unit, RandomStore(each: 5));

        var expected = nn.functional.normalize(plain.Embedding.Matrix(), dim: 1);
        Assert.IsTrue(TinyModel.Weight(directed, "embedding.rows").allclose(expected, rtol: 0, atol: 1e-6));
        Assert.IsTrue(directed.Embedding.Matrix().norm(1, false, 2f).allclose(ones(3), rtol: 0, atol: 1e-6));
    }

    [TestMethod]
    public void Set_MoreImagesThanAllowed_ChoosesAmongThoseThatFit()
    {
        using var scope = NewDisposeScope();
        var options = Pixels with { MaxCachedBytes = 65_536 }; // 146 images a class: 3·64 bytes and 4·64 for the points of one
        using var model = TinyModel.Create(options);
        var store = RandomStore(each: 400);

        Set(model, options, store);

        var images = model.Normalization.Apply(Images(store, 1)).flatten(1);
        Assert.IsTrue(HasDirection(images, model.Embedding.Matrix()[1]));
    }

    [TestMethod]
    [DataRow(EmbeddingInitialization.FeatureMedoidBySum)]
    [DataRow(EmbeddingInitialization.FeatureMedoidByMedian)]
    [DataRow(EmbeddingInitialization.PixelMedoid)]
    public void Set_Stream_GivesThePrototypesOfTheStore(EmbeddingInitialization initialization)
    {
        using var scope = NewDisposeScope();
        var options = Pixels with { Embedding = Pixels.Embedding with { Initialization = initialization } };
        var context = new MLContext();
        // 10 a class: all are taken
        var rows = new LabelledRows(TinyImages.Keys(context, rows: 30), options, wanted: null, checkAlive: () => { });
        using var fromStream = TinyModel.Create(options);
        using var fromStore = TinyModel.Create(options);

        Set(fromStream, options, new ImageStream(rows, 12 * TinyImages.Size));
        Set(fromStore, options, Store(rows));

        Assert.IsTrue(fromStream.Embedding.Matrix().allclose(fromStore.Embedding.Matrix(), rtol: 1e-5, atol: 1e-4));
    }

    [TestMethod]
    public void Set_ClassWithoutImages_ThrowsNamingIt()
    {
        using var model = TinyModel.Create(Pixels);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Set(model, Pixels, Store([1, 2], [], [3])));
        var unnamed =
            Assert.ThrowsExactly<InvalidOperationException>(
                () =>
                    new ClassPrototypes(
                        model,
                        Pixels,
                        new TrainingData(Store([], [1], [2]), null, new RandomStreams(1)),
                        names: null).Set(() => { }));

        Assert.AreEqual(
            "Class 'dog' has no row among the 3 of the training data, but EmbeddingInitialization.PixelMedoid starts each class at one of "
                + "its rows. Add some, or choose EmbeddingInitialization.Orthogonal.",
            fault.Message);
        Assert.StartsWith("Class 0 (counted from 0) has no row among the 2 ", unnamed.Message);
    }

    [TestMethod]
    public void Set_BlankPrototypes_StayAtZero()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(Pixels);

        Set(model, Pixels, Store([0], [0], [0]));

        Assert.AreEqual(0, model.Embedding.Matrix().abs().max().item<float>());
    }

    [TestMethod]
    public void Set_BlankPrototypeOfUnitNorm_ThrowsNamingTheClass()
    {
        var options = Pixels with { Embedding = Pixels.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm } };
        using var model = TinyModel.Create(options);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Set(model, options, Store([1], [2], [0, 0])));

        Assert.StartsWith(
            "Class 'owl' would start at the zero vector by EmbeddingInitialization.PixelMedoid, which has no direction",
            fault.Message);
    }

    [TestMethod]
    public void Set_Cancelled_Stops()
    {
        using var model = TinyModel.Create(Pixels);

        Assert.ThrowsExactly<OperationCanceledException>(() => Set(
            model,
            Pixels,
            RandomStore(each: 2),
            check: () => throw new OperationCanceledException()));
    }

    [TestMethod]
    [DataRow(EmbeddingInitialization.FeatureMedoidBySum)]
    [DataRow(EmbeddingInitialization.PixelMedoid)]
    public void Set_Done_LeavesNoTensor(EmbeddingInitialization initialization)
    {
        var options = Pixels with { Embedding = Pixels.Embedding with { Initialization = initialization } };
        using var model = TinyModel.Create(options);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Set(model, options, RandomStore(each: 12));
        Assert.ThrowsExactly<InvalidOperationException>(() => Set(model, options, Store([1], [], [])));

        Assert.AreEqual(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [TestMethod]
    [DataRow(EmbeddingKind.Learned, VariantKind.ContinuousTime, EmbeddingInitialization.FeatureMedoidBySum, true)]
    [DataRow(EmbeddingKind.Learned, VariantKind.ContinuousTime, EmbeddingInitialization.FeatureMedoidByMedian, true)]
    [DataRow(EmbeddingKind.LearnedUnitNorm, VariantKind.ContinuousTime, EmbeddingInitialization.PixelMedoid, true)]
    [DataRow(EmbeddingKind.Learned, VariantKind.DiscreteTime, EmbeddingInitialization.PixelMedoid, true)]
    [DataRow(EmbeddingKind.Learned, VariantKind.FlowMatching, EmbeddingInitialization.FeatureMedoidBySum, true)]
    [DataRow(EmbeddingKind.Learned, VariantKind.ContinuousTime, EmbeddingInitialization.Orthogonal, false)]
    [DataRow(EmbeddingKind.Learned, VariantKind.ContinuousTime, EmbeddingInitialization.SmallNormal, false)]
    [DataRow(EmbeddingKind.OneHot, VariantKind.ContinuousTime, EmbeddingInitialization.PixelMedoid, false)] // fixed
    [DataRow(EmbeddingKind.Learned, VariantKind.CrossEntropyBaseline, EmbeddingInitialization.PixelMedoid, false)] // no noisy label
    public void AreAskedFor_Options_SayWhetherImagesAreChosen(
        EmbeddingKind kind,
        VariantKind variant,
        EmbeddingInitialization initialization,
        bool expected)
    {
        var options = new NoPropOptions { Variant = variant.Create(), Embedding = new() { Kind = kind, Initialization = initialization } };

        Assert.AreEqual(expected, ClassPrototypes.AreAskedFor(options));
    }

    private static void Set(Denoiser model, NoPropOptions options, ITrainingImages images, int seed = 1, Action? check = null) =>
        new ClassPrototypes(
            model,
            options,
            new TrainingData(images, Validation: null, new RandomStreams(seed)),
            Names).Set(check ?? (() => { }));

    // For each class its images, each of one grey value.
    private static ImageStore Store(params float[][] classes)
    {
        var store = new ImageStore(TinyModel.Shape);
        foreach (var (label, values) in classes.Index())
        {
            Array.ForEach(values, value => store.Add(Row(value), label));
        }

        return store;
    }

    private static ImageStore Store(LabelledRows rows)
    {
        var store = new ImageStore(rows.Shape);
        var pixels = new float[rows.Shape.Size];
        foreach (var row in rows.Read(pixels))
        {
            store.Add(pixels, row.Label);
        }

        return store;
    }

    private static ImageStore RandomStore(int each)
    {
        var store = new ImageStore(TinyModel.Shape);
        foreach (var (pixels, label) in TinyImages.Pixels(3 * each, classes: 3))
        {
            store.Add(pixels, label);
        }

        return store;
    }

    private static Tensor Images(ImageStore store, int label)
    {
        using var batch =
            store.Gather([.. Enumerable.Range(0, store.Count).Where(row => store.Labels[row] == label).Select(row => (long)row)]);
        return batch.Pixels.to(ScalarType.Float32);
    }

    private static Tensor Features(Denoiser model, ImageStore store, int label)
    {
        using var mode = no_grad();
        return model.Blocks[0].Backbone.Features(model.Normalization.Apply(Images(store, label)));
    }

    // Whether one of the rows, (n, D), is the vector, (D), but for its length.
    private static bool HasDirection(Tensor rows, Tensor vector) =>
        nn.functional.normalize(rows, dim: 1).sub(nn.functional.normalize(vector, dim: 0)).abs().amax([1]).lt(1e-6).any().item<bool>();

    private static float[] Row(float value) => [.. Enumerable.Repeat(value, TinyImages.Size)];

    private static float[] Row(Denoiser model, int index) => model.Embedding.Matrix().detach()[index].data<float>().ToArray();
}
