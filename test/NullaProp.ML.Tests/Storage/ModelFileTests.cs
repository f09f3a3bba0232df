using System.Security.Cryptography;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Storage;

[TestClass]
public sealed class ModelFileTests
{
    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [TestMethod]
    [DataRow(0)]
    [DataRow(3)]
    public void ReadWeights_WhatWriteWeightsWrote_GivesEveryBitBack(int draws)
    {
        using var scope = NewDisposeScope();
        var options =
            TinyModel.Small(NoPropOptions.JaxReference with { Sampling = NoPropOptions.JaxReference.Sampling with { Draws = draws } });
        var model = Model(options);
        model.Network.Normalization.Set([0.4], [1 / 0.3]);

        var read = Read(Written(model), model);

        foreach (var ((name, value), (sameName, same)) in model.Network.Weights.Values.Zip(read.Network.Weights.Values))
        {
            Assert.AreEqual(name, sameName);
            CollectionAssert.AreEqual(value.data<float>().ToArray(), same.data<float>().ToArray(), name);
        }

        CollectionAssert.AreEqual(model.Starts.Values, read.Starts.Values);
        Assert.AreEqual(options, read.Options);
        model.Network.Dispose();
        read.Network.Dispose();
    }

    [TestMethod]
    public void ReadWeights_LoadedModel_ScoresTheSame()
    {
        using var scope = NewDisposeScope();
        var model = Model(TinyModel.Small(new NoPropOptions()));
        var read = Read(Written(model), model);
        using var generator = new Generator(1);
        var pixels = TinyModel.Pixels(3, generator);

        using var before = new TorchRunner(model.Network, PlanCompiler.For(model.Network, model.Options), model.Starts);
        using var after = new TorchRunner(read.Network, PlanCompiler.For(read.Network, read.Options), read.Starts);

        CollectionAssert.AreEqual(
            before.Probabilities(pixels).data<float>().ToArray(),
            after.Probabilities(pixels).data<float>().ToArray());
        model.Network.Dispose();
        read.Network.Dispose();
    }

    [TestMethod]
    public void ReadWeights_LoadedModel_LeavesNoTensorWhenDisposed()
    {
        var model = Model(TinyModel.Small(new NoPropOptions { Sampling = new() { Draws = 2 } }));
        var file = Written(model);
        var before = LiveTensors;

        var read = Read(file, model);
        read.Network.Dispose();

        Assert.AreEqual(before, LiveTensors);
        model.Network.Dispose();
    }

    [TestMethod]
    public void ReadWeights_DescriptionOfAnotherModel_SaysWhichWeightAndLeavesNoTensor()
    {
        var model = Model(TinyModel.Small(new NoPropOptions()));
        var file = Written(model);
        var before = LiveTensors;

        var fault = Assert.ThrowsExactly<FormatException>(() => Read(file, model with { Classes = 4 }));

        Assert.Contains("the weight 'label_encoder.first.weight' is F32 of shape (8, 3), but must be F32 of shape (8, 4)", fault.Message);
        Assert.AreEqual(before, LiveTensors);
        model.Network.Dispose();
    }

    [TestMethod]
    [DataRow(0, 2, "the weight 'draws' is missing")]
    [DataRow(3, 2, "the weight 'draws' is F32 of shape (3, 3), but must be F32 of shape (2, 3)")]
    [DataRow(2, 0, "the weight 'draws' is not one of this model's")]
    public void ReadWeights_DrawsThatDoNotFit_SaysSoAndLeavesNoTensor(int stored, int described, string words)
    {
        var model = Model(TinyModel.Small(new NoPropOptions { Sampling = new() { Draws = stored } }));
        var file = Written(model);
        var before = LiveTensors;

        var fault =
            Assert.ThrowsExactly<FormatException>(() => Read(
                file,
                model with { Options = model.Options with { Sampling = model.Options.Sampling with { Draws = described } } }));

        Assert.Contains(words, fault.Message);
        Assert.AreEqual(before, LiveTensors);
        model.Network.Dispose();
    }

    private static StoredModel Model(NoPropOptions options)
    {
        var network = TinyModel.Create(options);
        return new StoredModel(
            new ModelDescription(options, TinyModel.Shape, 3, Keys: null, Seed: 5),
            network,
            PriorDraws.Of(options.Sampling.Draws, network.Embedding.Dimension, new RandomStreams(5)));
    }

    private static StoredModel Read(byte[] file, StoredModel described) => ModelFile.ReadWeights(
        new MemoryStream(file),
        described with { WeightsHash = Convert.ToHexString(SHA256.HashData(file)) },
        new Lazy<Device>(CPU));

    private static byte[] Written(StoredModel model)
    {
        using var stream = new MemoryStream();
        ModelFile.WriteWeights(stream, model);
        return stream.ToArray();
    }
}
