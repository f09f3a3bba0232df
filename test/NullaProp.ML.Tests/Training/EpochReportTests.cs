using System.Globalization;
using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class EpochReportTests
{
    private static readonly EpochMetrics Metrics = new()
    {
        Epoch = 3,
        Epochs = 10,
        TrainingLoss = 1.25,
        DenoisingLoss = 0.5,
        PriorLoss = 0.25,
        ReadoutLoss = 0.5,
        TrainingAccuracy = 0.875,
        LearningRate = 0.001,
        EmbeddingNorm = 1,
        Elapsed = TimeSpan.FromSeconds(12.34),
    };

    [TestMethod]
    public void Sentence_ForeignCulture_StaysTheSame()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");

            var sentence = EpochReport.Sentence(Metrics);

            Assert.AreEqual(
                "Epoch 3 of 10: loss 1.2500 (denoising 0.5000, prior 0.2500, read-out 0.5000), training accuracy 87.5 %, learning rate "
                    + "0.001; 12.3 s so far.",
                sentence);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    public void Sentence_OneTermAndEmbeddingsThatMove_SaysWhatSaysSomething()
    {
        var sentence = EpochReport.Sentence(Metrics with { TrainingLoss = 0.5, PriorLoss = 0, ReadoutLoss = 0, EmbeddingNorm = 1.25 });

        Assert.AreEqual(
            "Epoch 3 of 10: loss 0.5000, training accuracy 87.5 %, learning rate 0.001, class embeddings' mean norm 1.250; 12.3 s so far.",
            sentence);
    }

    [TestMethod]
    public void Sentence_WithValidation_NamesItsAccuracyAndLoss()
    {
        var sentence = EpochReport.Sentence(Metrics with { ValidationAccuracy = 0.5, ValidationLogLoss = 0.75 });

        Assert.Contains(", validation accuracy 50.0 %, log-loss 0.7500,", sentence);
    }
}
