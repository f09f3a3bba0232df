using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

/// <summary>The ResNets beside torchvision's: the same weights, by the same names, give the same features.</summary>
[TestClass]
public sealed class TorchvisionTests
{
    // Of single precision against double, to the largest feature: in torchvision's own network it is some 1e-6 for any depth.
    private const double Rounding = 1e-5;

    [TestMethod]
    [DataRow(NoPropBackbone.ResNet18)]
    [DataRow(NoPropBackbone.ResNet50)]
    [DataRow(NoPropBackbone.ResNet152)]
    public void Maps_WithAStateDictOfTorchvision_EqualTorchvisions(NoPropBackbone kind)
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var generator = new Generator(1);
        using var theirs = Torchvision(kind, generator);
        Save(theirs, folder.File("resnet.safetensors"));
        var file = PretrainedFile.Read(folder.File("resnet.safetensors"))!;
        using var weights = Weights.Drawn(new RandomStreams(1), CPU, file.Weights);
        var ours = BackboneFactory.Create(
            weights.Under("backbone"),
            new NoPropOptions { Backbone = kind, HiddenSize = 4 },
            new ImageShape(3, 64, 72));
        file.CheckUse(Assert.Fail); // every weight was found and used, but for the classifier
        var images = randn([2, 3, 64, 72], generator: generator);

        var maps = ours.Maps(images, training: null);

        var expected = theirs.to(ScalarType.Float64).forward(images.to(ScalarType.Float64));
        Assert.IsGreaterThan(0.01, expected.std().item<double>()); // no network of zeros
        var off = (maps.to(ScalarType.Float64) - expected).abs().max().item<double>();
        Assert.IsLessThan(Rounding * expected.abs().max().item<double>(), off);
    }

    [TestMethod]
    public void Fit_FromAStateDictOfTorchvision_ScalesPixelsAsItsNetworksWereTrained()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using (no_grad())
        using (var theirs = Torchvision(NoPropBackbone.ResNet18, generator))
        {
            Save(theirs, folder.File("resnet.safetensors"));
        }

        var context = new MLContext(seed: 1);
        var random = new Random(1);
        var rows = Enumerable.Range(0, 4).Select(row => new Photo
        {
            Label = row % 2 == 0 ? "cat" : "dog",
            Features = [.. Enumerable.Range(0, 3 * 64 * 64).Select(_ => (float)random.Next(256))],
        });
        var options = new NoPropOptions
        {
            Backbone = NoPropBackbone.ResNet18,
            BackboneWeightsPath = folder.File("resnet.safetensors"),
            Epochs = 1,
            BatchSize = 2,
            HiddenSize = 8,
        };

        using var model = context.MulticlassClassification.Trainers.NoProp(options)
            .Fit(TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(rows.ToList())));

        CollectionAssert.AreEqual(
            new[] { 123.675f, 116.28f, 103.53f }, model.Scorer.Model.Network.Normalization.Mean.Host().Values);
    }

    // A classifier that passes on what it is given, and normalizations as training leaves them: none of their four numbers at its start.
    private static nn.Module<Tensor, Tensor> Torchvision(NoPropBackbone kind, Generator generator)
    {
        var model = kind switch
        {
            NoPropBackbone.ResNet18 => torchvision.models.resnet18(num_classes: 512),
            NoPropBackbone.ResNet50 => torchvision.models.resnet50(num_classes: 2048),
            _ => torchvision.models.resnet152(num_classes: 2048),
        };
        foreach (var (name, value) in model.state_dict())
        {
            if (name == "fc.weight")
            {
                value.copy_(eye(value.shape[0]));
            }
            else if (name == "fc.bias")
            {
                value.zero_();
            }
            else if (value.dim() == 1)
            {
                value.uniform_(0.2, 0.8, generator);
            }
        }

        model.eval();
        return model;
    }

    private static void Save(nn.Module model, string path)
    {
        File.WriteAllBytes(path, WrittenTensors.Foreign(model.state_dict().Select(entry => KeyValuePair.Create(entry.Key, entry.Value))));
    }

    private sealed class Photo
    {
        public string Label { get; init; } = string.Empty;

        [VectorType(3, 64, 64)]
        public float[] Features { get; init; } = [];
    }
}
