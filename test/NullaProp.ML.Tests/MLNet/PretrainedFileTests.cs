using Microsoft.ML;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.BadInput;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Weights that a backbone starts from, out of a safetensors file.</summary>
[TestClass]
public sealed class PretrainedFileTests
{
    private static readonly ImageShape Shape = new(1, 8, 8);

    [TestMethod]
    [DataRow("")]
    [DataRow("backbone.")]
    public void Read_TorchvisionsNames_StartTheBackbone(string prefix)
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        Save(folder.File("w"), prefix, _ => { });
        var file = PretrainedFile.Read(folder.File("w"))!;
        using var weights = Drawn(file, Shape);

        file.CheckUse(Assert.Fail);

        foreach (var (name, value) in weights.Values.Where(weight => !weight.Key.Contains("output", StringComparison.Ordinal)))
        {
            Assert.AreEqual(0.25f, value.max().item<float>(), name);
        }

        Assert.AreNotEqual(0.25f, weights.Values.Single(weight => weight.Key == "backbone.output.bias").Value.max().item<float>());
    }

    [TestMethod]
    public void CheckUse_StemOfAnotherChannelCount_IsDrawnWithAWarning()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        Save(folder.File("w"), string.Empty, _ => { });
        var file = PretrainedFile.Read(folder.File("w"))!;
        using var weights = Drawn(file, Shape with { Channels = 3 });
        var warnings = new List<string>();

        file.CheckUse(warnings.Add);

        Assert.Contains(
            "'conv1.weight' is of shape (64, 1, 3, 3) in place of (64, 3, 3, 3): this first convolution is trained from scratch.",
            warnings.Single());
        Assert.AreNotEqual(0.25f, weights.Values.First().Value.max().item<float>());
    }

    [TestMethod]
    public void CheckUse_MissingMisshapenAndUnknownWeights_ListsThem()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        Save(folder.File("w"), string.Empty, tensors =>
        {
            tensors.Remove("bn1.bias");
            tensors["layer1.0.bn1.weight"] = ones(3);
            tensors["layer9.weight"] = ones(1);
        });
        var file = PretrainedFile.Read(folder.File("w"))!;
        using var weights = Drawn(file, Shape);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => file.CheckUse(_ => { }));

        Assert.Contains(
            "does not fit the backbone: 'bn1.bias' is missing, 'layer1.0.bn1.weight' is of shape (3) in place of (64), 'layer9.weight' "
                + "is unknown.",
            fault.Message);
    }

    // The last tensor is at fault, so that all others are in memory by then.
    [TestMethod]
    public void Read_FileThatIsRefused_LeavesNoTensor()
    {
        using var folder = new TempFolder();
        using (NewDisposeScope())
        {
            Save(folder.File("w"), string.Empty, tensors => tensors["layer9.weight"] = full(3, float.NaN));
        }

        Fault.Of<InvalidOperationException>(() => PretrainedFile.Read(folder.File("w")), "'layer9.weight' holds NaN or infinity");
    }

    [TestMethod]
    public void Fit_FileThatIsMissingOrNoSafetensors_NamesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text"), "no weights here");
        var context = new MLContext(seed: 1);
        var data = TinyImages.Keys(context);

        foreach (var path in new[] { folder.File("none"), folder.File("text") })
        {
            var fault =
                Assert.ThrowsExactly<InvalidOperationException>(() => TinyImages
                    .Trainer(context, options => options with { BackboneWeightsPath = path })
                    .Fit(data));
            Assert.Contains($"The file '{path}' of BackboneWeightsPath cannot be read", fault.Message);
        }
    }

    // Fine-tuning in the small: the first epoch starts from the file's weights, whatever the backbone.
    [TestMethod]
    public void Fit_WeightsOfAnotherModel_StartFromThem()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        var context = new MLContext(seed: 1);
        var data = TinyImages.Keys(context);
        using var model = TinyImages.Trainer(context, options => options with { Backbone = NoPropBackbone.Mlp }).Fit(data);
        context.Model.Save(model, data.Schema, folder.File("model.zip"));
        using (var zip = System.IO.Compression.ZipFile.OpenRead(folder.File("model.zip")))
        using (var stored = zip.Entries.Single(entry => entry.Name == ModelFile.WeightsName).Open())
        using (var copy = File.Create(folder.File("w")))
        {
            stored.CopyTo(copy);
        }

        var losses = new List<double>();
        foreach (var path in new[] { null, folder.File("w") })
        {
            using var tuned = TinyImages
                .Trainer(
                    context,
                    options => options with { Backbone = NoPropBackbone.Mlp, BackboneWeightsPath = path, Epochs = 1, LearningRate = 1e-9 })
                .Fit(data);
            using var weights = new MemoryStream();
            context.Model.Save(tuned, data.Schema, weights);
            weights.Position = 0;
            using var saved = new System.IO.Compression.ZipArchive(weights);
            using var stream = saved.Entries.Single(entry => entry.Name == ModelFile.WeightsName).Open();
            using var file = File.OpenRead(folder.File("w"));
            var (found, start) = (WrittenTensors.Read(stream)["backbone.first.weight"], WrittenTensors.Read(file)["backbone.first.weight"]);
            losses.Add(Differences.Largest(start.Values, found.Values));
        }

        Assert.IsGreaterThan(0.01, losses[0]);
        Assert.AreEqual(0, losses[1], 1e-6);
    }

    // As torchvision.models.ResNet18_Weights.DEFAULT.transforms() has them, of pixels from 0 to 1; a model of this library was trained
    // on the scale of its own data.
    [TestMethod]
    [DataRow("", 3, 255.0, true)]
    [DataRow("", 3, 1.0, false)]
    [DataRow("", 1, 255.0, false)]
    [DataRow("backbone.", 3, 255.0, false)]
    public void Scaling_OfPixels_IsThatOfTheWeights(string prefix, int channels, double brightest, bool isOfImageNet)
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        Save(folder.File("w"), prefix, _ => { }, channels);
        var file = PretrainedFile.Read(folder.File("w"))!;
        using var weights = Drawn(file, Shape with { Channels = channels });
        file.CheckUse(Assert.Fail);
        double[] own = [.. Enumerable.Repeat(0.4 * brightest, channels)];
        var statistics = new ChannelStatistics(own, own) { IsWithinBytes = true };

        var (mean, scale) = file.Scaling(NoPropBackbone.ResNet18, statistics);

        double[] expected = isOfImageNet ? [123.675, 116.28, 103.53] : own;
        double[] deviation = isOfImageNet ? [58.395, 57.12, 57.375] : own;
        for (var channel = 0; channel < channels; channel++)
        {
            Assert.AreEqual(expected[channel], mean[channel], 1e-9);
            Assert.AreEqual(1 / deviation[channel], scale[channel], 1e-9);
        }
    }

    [TestMethod]
    public void Scaling_ChannelThatNeverVaries_HasNoInfluence()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        Save(folder.File("w"), string.Empty, _ => { }, channels: 3);
        var file = PretrainedFile.Read(folder.File("w"))!;
        var statistics = new ChannelStatistics([90, 128, 110], [50, 0, 60]) { IsWithinBytes = true };

        var (_, scale) = file.Scaling(NoPropBackbone.ResNet18, statistics);

        Assert.AreEqual(1 / 58.395, scale[0], 1e-9);
        Assert.AreEqual(0, scale[1]);
        Assert.AreEqual(1 / 57.375, scale[2], 1e-9);
    }

    private static Weights Drawn(PretrainedFile file, ImageShape shape)
    {
        var weights = Weights.Drawn(new RandomStreams(1), CPU, file.Weights);
        BackboneFactory.Create(weights.Under("backbone"), new NoPropOptions { Backbone = NoPropBackbone.ResNet18, HiddenSize = 4 }, shape);
        return weights;
    }

    // The state dict of a ResNet-18 whose numbers are all ¼, with the two things of it that are not used.
    private static void Save(string path, string prefix, Action<Dictionary<string, Tensor>> change, int channels = 1)
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        _ = new ResNetBackbone(weights.Under("b"), ResNetDepth.Of18, Shape with { Channels = channels }, 4);
        var tensors = weights.Values
            .Where(weight => !weight.Key.StartsWith("b.output", StringComparison.Ordinal))
            .ToDictionary(weight => weight.Key[2..], weight => full(weight.Value.shape, 0.25f, dtype: ScalarType.Float16));
        tensors["fc.weight"] = ones(2, 2);
        tensors["bn1.num_batches_tracked"] = zeros(1, dtype: ScalarType.Int64);
        change(tensors);
        File.WriteAllBytes(path, WrittenTensors.Foreign(tensors.Select(pair => KeyValuePair.Create(prefix + pair.Key, pair.Value))));
    }
}
