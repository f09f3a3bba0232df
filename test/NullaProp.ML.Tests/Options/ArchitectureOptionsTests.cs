using System.Globalization;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class ArchitectureOptionsTests
{
    private static readonly NoPropOptions Learned = TinyModel.Small(new() { Embedding = EmbeddingKind.Learned, EmbeddingDimension = 8, BlockCount = 2 });

    [TestMethod]
    public void Differences_SameArchitecture_AreNone() =>
        Assert.IsEmpty(ArchitectureOptions.Differences(new() { Epochs = 3, LearningRate = 0.1, EmbeddingDimension = 7 }, new()), "the length of one-hot embeddings is ignored");

    [TestMethod]
    public void Differences_OtherArchitecture_NameOptionsAndBothValues() =>
        CollectionAssert.AreEqual(
            new[] { "Embedding is Learned instead of OneHot", "EmbeddingInitialization is Orthogonal instead of unused", "EmbeddingDimension is 9 instead of unused", "HiddenSize is 32 instead of 256", "LogSnrAtNoise is -7.5 instead of -7", "ReadoutLoss is NoisyLabel instead of unused" },
            ArchitectureOptions.Differences(new() { HiddenSize = 32, Embedding = EmbeddingKind.Learned, EmbeddingDimension = 9, LogSnrAtNoise = -7.5 }, new()).ToArray());

    // So that an option that comes later and decides weights cannot be forgotten: every other option leaves names and shapes as they are.
    [TestMethod]
    [DataRow(NoPropVariant.ContinuousTime)]
    [DataRow(NoPropVariant.DiscreteTime)]
    [DataRow(NoPropVariant.FlowMatching)]
    public void Names_OfOptions_HoldAllThatChangeNamesOrShapesOfWeights(NoPropVariant variant)
    {
        var start = Learned with { Variant = variant };
        var before = Layout(start);
        var changing = typeof(NoPropOptions).GetProperties()
            .Where(property => property.CanWrite)
            .SelectMany(property => Others(property.PropertyType, property.GetValue(start)).Select(value => (property.Name, Options: With(start, property.Name, value))))
            .Where(change => Layout(change.Options) != before)
            .Select(change => change.Name)
            .ToHashSet();

        Assert.Contains(nameof(NoPropOptions.HiddenSize), changing);
        CollectionAssert.IsSubsetOf(changing.ToArray(), ArchitectureOptions.Names.ToArray());
    }

    private static IEnumerable<object> Others(Type type, object? value) => value switch
    {
        int number => [number + 8],
        double number => [number + 0.25],
        BackboneKind => [BackboneKind.PaperConv, BackboneKind.Mlp], // one that differs is enough, and the large ones take their time
        Enum => Enum.GetValues(type).Cast<object>().Where(choice => !choice.Equals(value)),
        _ => [], // names, seeds and sizes of data
    };

    private static NoPropOptions With(NoPropOptions start, string name, object value)
    {
        var options = start with { };
        typeof(NoPropOptions).GetProperty(name)!.SetValue(options, value);
        return options;
    }

    private static string Layout(NoPropOptions options)
    {
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(1), CPU), options, TinyModel.Shape, 3);
        return string.Join("; ", model.Weights.Values.Select(weight => string.Create(CultureInfo.InvariantCulture, $"{weight.Key} {string.Join("x", weight.Value.shape)}")));
    }
}
