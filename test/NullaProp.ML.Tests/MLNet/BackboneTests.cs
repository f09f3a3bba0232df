using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Every backbone goes through training, scoring in batches and alone, a file and back.</summary>
[TestClass]
public sealed class BackboneTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(NoPropBackbone.PaperConv, VariantKind.ContinuousTime)]
    [DataRow(NoPropBackbone.PaperConv, VariantKind.DiscreteTime)]
    [DataRow(NoPropBackbone.ResNet18, VariantKind.FlowMatching)]
    [DataRow(NoPropBackbone.Mlp, VariantKind.DiscreteTime)]
    public void Fit_AnyBackbone_ScoresTheSameAloneAndReloaded(NoPropBackbone kind, VariantKind variant)
    {
        var data = TinyImages.Keys(Context, rows: 12);
        using var model = TinyImages
            .Trainer(
                Context,
                options => options with { Backbone = kind, Epochs = 1, Variant = variant.Create(new DiscreteTime { BlockCount = 2 }) })
            .Fit(data);

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, data.Schema);

        var batch = model.Transform(data).GetColumn<float[]>("Score").ToArray();
        var alone = model.Transform(Context.Data.TakeRows(data, 1)).GetColumn<float[]>("Score").Single();
        Assert.IsFalse(batch[0].SequenceEqual(batch[1]), "all images score the same: nothing was tested");
        // Convolutions of one image and of twelve add up in another order, layer after layer.
        Cells.AssertSame([.. batch[0].Cast<object>()], [.. alone.Cast<object>()], 1e-4f, "row 0");
        SameData.AssertValues(model.Transform(data), loaded.Transform(data));
        Assert.AreEqual(kind, loaded.Model.Options.Backbone);
    }

    [TestMethod]
    [DataRow(NoPropBackbone.PaperConv)] // dropout
    [DataRow(NoPropBackbone.ResNet18)] // batch normalisation
    public void Fit_SameSeed_GivesTheSameModel(NoPropBackbone kind)
    {
        var data = TinyImages.Keys(Context, rows: 12);

        var (first, second) = (Scores(), Scores());

        for (var row = 0; row < first.Length; row++)
        {
            Cells.AssertSame([.. first[row].Cast<object>()], [.. second[row].Cast<object>()], 1e-5f, $"row {row}");
        }

        float[][] Scores()
        {
            using var model = TinyImages.Trainer(Context, options => options with { Backbone = kind, Epochs = 1 }).Fit(data);
            return [.. model.Transform(data).GetColumn<float[]>("Score")];
        }
    }

    [TestMethod]
    public void Fit_ResNet_StoresAveragesOfTheTrainingBatches()
    {
        var data = TinyImages.Keys(Context, rows: 12);
        using var model = TinyImages.Trainer(Context, options => options with { Backbone = NoPropBackbone.ResNet18, Epochs = 1 }).Fit(data);
        using var file = new MemoryStream();

        Context.Model.Save(model, data.Schema, file);

        file.Position = 0;
        using var zip = new ZipArchive(file);
        using var stream = zip.Entries.Single(entry => entry.Name == ModelFile.WeightsName).Open();
        var stored = WrittenTensors.Read(stream);
        Assert.IsTrue(stored["backbone.layer4.1.bn2.running_mean"].Values.Any(value => value != 0));
    }
}
