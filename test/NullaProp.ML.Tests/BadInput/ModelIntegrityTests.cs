using System.IO.Compression;
using Microsoft.ML;
using NullaProp.ML.Storage;
using NullaProp.ML.Tensors;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>
/// A model is read as it was saved or not at all; what the library cannot have saved is refused; and what is refused costs little.
/// </summary>
[TestClass]
public sealed class ModelIntegrityTests
{
    private const string Changed =
        "The file 'weights.safetensors' of the model is not the one that was saved with 'model.json': it was changed or is damaged.";
    private const string Edited = "The file 'model.json' of the model is not the one that was saved: it was edited or is damaged.";

    private static readonly MLContext Context = new(seed: 1);

    // Without compression, so that a flipped bit is one of the model and not of how it was packed.
    private static readonly Lazy<(ModelZip Packed, ModelZip Plain, ModelZip Other)> Zips = new(() =>
    {
        using var model = Tiny.Model(Context, Small with { Sampling = Small.Sampling with { Draws = 2 } });
        using var other = Tiny.Model(Context, Small with { Seed = 2, Sampling = Small.Sampling with { Draws = 2 } });
        var packed = ModelZip.Of(Context, model);
        return (packed, Unpacked(packed), ModelZip.Of(Context, other));
    });

    private static NoPropOptions Small => Tiny.Options with { Backbone = NoPropBackbone.Mlp, HiddenSize = 8 };

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Load_OneBitTurned_IsRefusedOrScoresTheSame(bool isPlain)
    {
        var good = isPlain ? Zips.Value.Plain : Zips.Value.Packed;
        var random = new Random(1);

        AssertNoneScoresOtherwise(good, 150, bytes => bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)));
    }

    [TestMethod]
    public void Load_BlockOfZeros_IsRefusedOrScoresTheSame()
    {
        var random = new Random(2);

        AssertNoneScoresOtherwise(Zips.Value.Plain, 50, bytes => bytes.AsSpan(random.Next(bytes.Length / 4096) * 4096, 4096).Clear());
    }

    [TestMethod]
    public void Load_EntryOfAnotherModel_IsRefused()
    {
        var (good, _, other) = Zips.Value;

        Fault.Of<FormatException>(
            () => good.Damaged(ModelFile.WeightsName, _ => other.Entry(ModelFile.WeightsName)).Load(Context),
            Changed);
        Fault.Of<FormatException>(
            () => good.Damaged(ModelFile.DescriptionName, _ => other.Entry(ModelFile.DescriptionName)).Load(Context),
            Edited);
    }

    [TestMethod]
    public void Load_TensorsSwapped_IsRefused() => Fault.Of<FormatException>(
        () => Zips.Value.Packed.Damaged(ModelFile.WeightsName, bytes => Rewritten(bytes, tensors =>
            (tensors["normalization.mean"], tensors["normalization.scale"]) =
                (tensors["normalization.scale"], tensors["normalization.mean"]))).Load(Context),
        Changed);

    [TestMethod]
    [DataRow("options.variant", "\"CrossEntropyBaseline\"")] // needs the same weights
    [DataRow("options.sampling.solverSteps", "3")]
    [DataRow("seed", "7")]
    public void Load_DescriptionEditedByHand_SaysWhatToDoInstead(string member, string value) => Fault.Of<FormatException>(
        () => Zips.Value.Packed.Damaged(ModelFile.DescriptionName, ModelZip.Edited(member, value)).Load(Context),
        Edited,
        "Change how a model scores with NoPropTransformer.WithSampling");

    [TestMethod]
    public void Load_OptionRemoved_NamesIt() => Fault.Of<FormatException>(
        () => Zips.Value.Packed.With(ModelFile.DescriptionName, bytes =>
        {
            var json = System.Text.Json.Nodes.JsonNode.Parse(bytes)!;
            json["options"]!.AsObject().Remove("weightDecay");
            return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
        }).Load(Context),
        "'options' lacks the option 'weightDecay'");

    [TestMethod]
    public void Load_SurplusTensor_IsRefusedUnread()
    {
        // 256 MiB of zeros
        var large = Zips.Value.Packed.With(
            ModelFile.WeightsName,
            bytes => Rewritten(bytes, tensors => tensors["extra"] = new([1 << 26], new float[1 << 26])));

        var before = GC.GetTotalAllocatedBytes(precise: true);
        Fault.Of<FormatException>(() => large.Load(Context), "the weight 'extra' is not one of this model's");

        Assert.IsLessThan(16 << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    [TestMethod]
    public void Load_LongHeader_IsRefusedUnread()
    {
        var tensors = Enumerable
            .Range(0, 300_000)
            .Select(i => $"\"t{i}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        var header = $"{{{string.Join(',', tensors)}}}";
        var large = Zips.Value.Packed.With(ModelFile.WeightsName, _ => Bytes.File(header));

        var before = GC.GetTotalAllocatedBytes(precise: true);
        Fault.Of<FormatException>(
            () => large.Load(Context),
            $"The header of the safetensors data claims {header.Length} bytes, but at most ");

        Assert.IsLessThan(16 << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    [TestMethod]
    [DataRow(
        "options.sampling.draws",
        "1024",
        "options.sampling.solverSteps",
        "10000",
        "evaluations of the network, but at most 1,000,000 are allowed")]
    [DataRow("options.hiddenSize", "65536", "options.sampling.solverSteps", "10000", "The model cannot be read: its weights would take ")]
    [DataRow("classCount", "65536", "options.hiddenSize", "65536", " bytes, but may take at most 17,179,869,184.")]
    public void Load_PromiseOfTooMuch_IsRefusedAtOnce(string first, string firstValue, string second, string secondValue, string words)
    {
        var zip = Zips.Value.Packed
            .With(ModelFile.DescriptionName, bytes => ModelZip.Edited("classes", "null")(ModelZip.Edited(first, firstValue)(bytes)))
            .With(ModelFile.DescriptionName, ModelZip.Edited(second, secondValue));
        var before = GC.GetTotalAllocatedBytes(precise: true);

        Fault.Of<FormatException>(() => zip.Load(Context), words);

        Assert.IsLessThan(64 << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    [TestMethod]
    public void WithSampling_MoreThanSeconds_IsRefused()
    {
        using var model = Zips.Value.Packed.Load<NoPropTransformer>(Context);

        var fault =
            Assert.Throws<ArgumentException>(() => model.WithSampling(options => options with { Draws = 1024, SolverSteps = 5000 }));

        Assert.Contains(
            "To score one row takes 10,240,000 evaluations of the network, but at most 1,000,000 are allowed: lower Draws or SolverSteps.",
            fault.Message);
    }

    // Loading knows no weights yet, and counts the most steps that the options allow: what it refuses must not be saved.
    [TestMethod]
    public void WithSampling_FewStepsWhereLoadingCountsMany_IsRefused()
    {
        using var model = Zips.Value.Packed.Load<NoPropTransformer>(Context);

        var fault = Assert.Throws<ArgumentException>(
            () => model.WithSampling(_ => new Sampling { Solver = OdeSolver.Adaptive, SolverSteps = 10_000, Draws = 128 }));

        Assert.Contains("To score one row takes 1,280,000 evaluations of the network, but at most 1,000,000 are allowed", fault.Message);
    }

    [TestMethod]
    public void Fit_ScoringOfMoreThanSeconds_IsRefusedBeforeTraining() => Fault.Of<InvalidOperationException>(
        () => Tiny.Model(Context, Small with { Epochs = 100_000, Sampling = Small.Sampling with { Draws = 1024, SolverSteps = 5000 } }),
        "To score one row takes 10,240,000 evaluations of the network");

    [TestMethod]
    [DataRow("normalization.scale", -1f, "a scale of its pixels is negative")]
    [DataRow("schedule.mixture", -500f, "its noise schedule does not rise from noise to label")] // softplus(−500) = 0: a flat line, and 0/0
    [DataRow("schedule.label_end", -9f, "its noise schedule does not rise from noise to label")]
    public void Load_ModelThatNoTrainingLeaves_IsRefused(string weight, float value, string words)
    {
        foreach (var solver in new[] { OdeSolver.Heun, OdeSolver.Adaptive })
        {
            var zip = Zips.Value.Packed
                .With(ModelFile.WeightsName, bytes => Rewritten(bytes, tensors => Array.Fill(tensors[weight].Values, value)))
                .With(ModelFile.DescriptionName, ModelZip.Edited("options.sampling.solver", $"\"{solver}\""));

            Fault.Of<FormatException>(() => zip.Load(Context), "The model is broken: " + words);
        }
    }

    [TestMethod]
    public void Check_GoodModelAloneOrInAChain_SaysNothing()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("alone.zip"), Zips.Value.Packed.Bytes);
        using var model = Zips.Value.Packed.Load<NoPropTransformer>(Context);
        Context.Model.Save(
            new Microsoft.ML.Data.TransformerChain<NoPropTransformer>(model),
            Tiny.Data(Context).Schema,
            folder.File("chain.zip"));
        var before = Fault.LiveTensors;

        NoPropModelFile.Check(folder.File("alone.zip"));
        NoPropModelFile.Check(folder.File("chain.zip"));

        Assert.AreEqual(before, Fault.LiveTensors);
    }

    [TestMethod]
    public void Check_DamagedModel_SaysWhatLoadingSays()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(
            folder.File("m.zip"),
            Zips.Value.Packed.Damaged(ModelFile.WeightsName, bytes => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]).Bytes);

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("m.zip")), Changed);
    }

    [TestMethod]
    public void Check_FileOfSomethingElse_SaysSo()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text.zip"), "This is no model.");
        Context.Model.Save(
            Context.Transforms.CopyColumns("a", "Features").Fit(Tiny.Data(Context)),
            Tiny.Data(Context).Schema,
            folder.File("other.zip"));

        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("text.zip")), "zip archive");
        Fault.Of<FormatException>(() => NoPropModelFile.Check(folder.File("other.zip")), "other.zip' holds no NoProp model.");
        Assert.Throws<FileNotFoundException>(() => NoPropModelFile.Check(folder.File("none.zip")));
    }

    private static void AssertNoneScoresOtherwise(ModelZip good, int times, Action<byte[]> damage)
    {
        using var model = good.Load<NoPropTransformer>(Context);
        var expected = Tiny.Scores(Context, model, Tiny.Photos(2));
        var (refused, ours) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            byte[] bytes = [.. good.Bytes];
            damage(bytes);
            ITransformer? loaded = null;
            try
            {
                loaded = new ModelZip(bytes).Load(Context);
            }
            catch (Exception fault)
            {
                refused++;
                ours += Fault.IsOurs(fault, $"change {i}") ? 1 : 0;
            }

            if (loaded is NoPropTransformer damaged)
            {
                var scores = Tiny.Scores(Context, damaged, Tiny.Photos(2));
                damaged.Dispose();
                for (var row = 0; row < expected.Length; row++)
                {
                    CollectionAssert.AreEqual(expected[row], scores[row], $"change {i}");
                }
            }
        }

        Assert.IsGreaterThan(times / 2, ours, $"of {refused} refusals");
    }

    private static byte[] Rewritten(byte[] bytes, Action<IDictionary<string, HostTensor>> change)
    {
        var tensors = WrittenTensors.Read(new MemoryStream(bytes));
        change(tensors);
        return WrittenTensors.Written(tensors);
    }

    private static ModelZip Unpacked(ModelZip packed)
    {
        using var stream = new MemoryStream();
        using (var from = new ZipArchive(new MemoryStream(packed.Bytes), ZipArchiveMode.Read))
        using (var to = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
            {
                using var source = entry.Open();
                using var target = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                source.CopyTo(target);
            }
        }

        return new ModelZip(stream.ToArray());
    }
}
