using System.Globalization;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Options;

[TestClass]
public sealed class ArchitectureOptionsTests
{
    private static readonly NoPropOptions Learned =
        TinyModel.Small(
            new() { Variant = new DiscreteTime { BlockCount = 2 }, Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 8 } });

    [TestMethod]
    public void Differences_SameArchitecture_AreNone() =>
        Assert.IsEmpty(ArchitectureOptions.Differences(new() { Epochs = 3, LearningRate = 0.1, Sampling = new() { Draws = 3 } }, new()));

    [TestMethod]
    public void Differences_OtherArchitecture_NameOptionsAndBothValues() =>
        CollectionAssert.AreEqual(
            new[]
            {
                "HiddenSize is 32 instead of 256", "Embedding.Kind is Learned instead of OneHot",
                "Embedding.Dimension is 9 instead of null",
                "ContinuousTime.LogSnrAtNoise is -7.5 instead of -7",
            },
            ArchitectureOptions.Differences(
                new()
                {
                    HiddenSize = 32,
                    Variant = new ContinuousTime { LogSnrAtNoise = -7.5 },
                    Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 9 },
                },
                new()).ToArray());

    [TestMethod]
    public void Differences_OtherVariant_NameBoth() =>
        CollectionAssert.AreEqual(
            new[] { "Variant is FlowMatching instead of ContinuousTime" },
            ArchitectureOptions.Differences(new() { Variant = new FlowMatching() }, new()).ToArray());

    // So that an option that comes later and decides parameters cannot be forgotten: every other option leaves names and shapes as they
    // are.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void DecidesParameters_OfOptions_MarksAllThatChangeNamesOrShapes(VariantKind variant)
    {
        var start = Learned with { Variant = variant.Create(new DiscreteTime { BlockCount = 2 }) };
        var before = Layout(start);
        var changing = new object[] { start, start.Embedding, start.Variant }
            .SelectMany(record => OptionProperty.Of(record.GetType()).SelectMany(option =>
                Others(
                    option.Property.PropertyType,
                    option.Property.GetValue(record)).Select(value => (Option: option, Options: With(start, record, option, value)))))
            .Where(change => Layout(change.Options) != before)
            .Select(change => change.Option)
            .Distinct()
            .ToList();

        Assert.Contains(nameof(NoPropOptions.HiddenSize), changing.Select(option => option.Name));
        Assert.IsEmpty(changing.Where(option => !option.DecidesParameters).Select(option => option.Name));
    }

    private static IEnumerable<object> Others(Type type, object? value) => value switch
    {
        int number => [number + 8],
        double number => [number + 0.25],
        NoPropBackbone => [NoPropBackbone.PaperConv, NoPropBackbone.Mlp], // one that differs is enough, and the large ones take their time
        Enum => Enum.GetValues(type).Cast<object>().Where(choice => !choice.Equals(value)),
        _ => [], // names, seeds and sizes of data
    };

    private static NoPropOptions With(NoPropOptions start, object record, OptionProperty option, object value)
    {
        var copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        option.Property.SetValue(copy, value);
        return copy switch
        {
            NoPropOptions options => options,
            Embedding embedding => start with { Embedding = embedding },
            _ => start with { Variant = (NoPropVariant)copy },
        };
    }

    private static string Layout(NoPropOptions options)
    {
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(1), CPU), options, TinyModel.Shape, 3);
        return string.Join(
            "; ",
            model.Weights.Values.Select(weight => string.Create(
                CultureInfo.InvariantCulture,
                $"{weight.Key} {string.Join("x", weight.Value.shape)}")));
    }
}
