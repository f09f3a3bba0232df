using System.Globalization;
using System.Text;
using NullaProp.ML.Scoring;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>How well a scorer does on labelled images.</summary>
/// <param name="Accuracy">The share of images whose class has the highest probability, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label), in nats, p no smaller than 1e-15 as in ML.NET's evaluator.</param>
internal readonly record struct Evaluation(double Accuracy, double LogLoss)
{
    private static readonly Scalar SmallestProbability = 1e-15;

    /// <summary>Gets the first image whose probabilities are no numbers, from 0; <see langword="null"/> where there is none.</summary>
    public long? Unscorable { get; init; }

    /// <summary>Scores images and compares with their labels.</summary>
    /// <param name="score">The scorer: raw pixels (B, C, H, W) to probabilities (B, K) on the CPU.</param>
    /// <param name="images">The images, at least one.</param>
    public static Evaluation Of(Func<Tensor, Tensor> score, IImages images) => Of(score, images.InOrder(ScoringBatch.Rows(images.Shape)));

    /// <summary>Scores some images in memory and compares with their labels.</summary>
    /// <param name="score">As above.</param>
    /// <param name="images">The images.</param>
    /// <param name="rows">Which of them to score, at least one.</param>
    public static Evaluation Of(Func<Tensor, Tensor> score, ImageStore images, IEnumerable<long> rows) =>
        Of(score, images.Batches(rows, ScoringBatch.Rows(images.Shape)));

    /// <summary>Scores images in two ways at once, in one pass over them.</summary>
    /// <param name="score">The scorer: as above, but both ways' probabilities.</param>
    /// <param name="images">The images, at least one.</param>
    public static (Evaluation First, Evaluation Second) OfBoth(Func<Tensor, (Tensor First, Tensor Second)> score, IImages images)
    {
        var (first, second) = (default(Sums), default(Sums));
        foreach (var batch in images.InOrder(ScoringBatch.Rows(images.Shape)))
        {
            using (batch)
            {
                using var scope = NewDisposeScope();
                var probabilities = score(batch.Pixels);
                (first, second) = (first.With(probabilities.First, batch.Labels), second.With(probabilities.Second, batch.Labels));
            }
        }

        return (first.Means, second.Means);
    }

    private static Evaluation Of(Func<Tensor, Tensor> score, IEnumerable<ImageBatch> batches)
    {
        var sums = default(Sums);
        foreach (var batch in batches)
        {
            using (batch)
            {
                using var scope = NewDisposeScope();
                sums = sums.With(score(batch.Pixels), batch.Labels);
            }
        }

        return sums.Means;
    }

    private readonly record struct Sums(long Count, long Correct, double Loss, long? Unscorable)
    {
        public Evaluation Means => new((double)Correct / Count, Loss / Count) { Unscorable = Unscorable };

        // Of probabilities, (B, K), and labels, (B).
        public Sums With(Tensor probabilities, Tensor labels)
        {
            var isFinite = probabilities.isfinite().all(1); // (B)
            var unscorable = Unscorable
                ?? (isFinite.all().item<bool>() ? null : Count + isFinite.to(ScalarType.Int64).argmin().item<long>());
            var ofLabel = probabilities.gather(1, labels.unsqueeze(1)); // (B, 1)
            return new(
                Count + labels.shape[0],
                Correct + probabilities.argmax(1).eq(labels).sum().item<long>(),
                Loss - ofLabel.to(ScalarType.Float64).clamp_min(SmallestProbability).log().sum().item<double>(),
                unscorable);
        }
    }
}

/// <summary>Says in a sentence what an epoch gave, or all so far.</summary>
internal static class EpochReport
{
    /// <summary>Returns the sentence about what a training learns from, and where.</summary>
    /// <param name="images">The training data.</param>
    /// <param name="classes">K, the number of classes.</param>
    /// <param name="options">The options, with the precision of this device.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="goesOn">Whether it begins with an earlier model.</param>
    public static string Beginning(ITrainingImages images, int classes, NoPropOptions options, Device device, bool goesOn)
    {
        var rows = options.Backbone.IsPretrained() ? $"photos by {images.Shape.Size} features each"
            : images.Shape.IsTable ? $"rows of {images.Shape.Size} values" : $"images of {images.Shape}";
        var isInBFloat16 = options.BackbonePrecision == BackbonePrecision.BFloat16;
        var how = $"{(isInBFloat16 ? " in bfloat16" : string.Empty)}{(goesOn ? ", from the parameters of a model" : string.Empty)}";
        return $"Training on {images.Count} {rows} in {classes} classes, on {device}{how}.";
    }

    /// <summary>Returns the sentence about an image that a model is to be evaluated on and cannot score, as others it can.</summary>
    /// <param name="data">What the data is for: "validation" or "diagnostic".</param>
    /// <param name="row">The image, from 0.</param>
    public static string Unscorable(string data, long row) =>
        $"Row {row} of the {data} data, counted from 0 among rows with a label, cannot be scored: its values make the network's numbers "
            + "overflow. Scale it as in the training data, or leave it out.";

    /// <summary>Returns the sentence about a noise schedule whose trained ends crossed.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="learningRate">The highest rate.</param>
    public static string CrossedEnds(int epoch, double learningRate) => string.Create(
        CultureInfo.InvariantCulture,
        $"The trained ends of the noise schedule crossed in epoch {epoch}: it does not rise from noise to label any more, so training was ")
        + string.Create(CultureInfo.InvariantCulture, $"stopped. Lower {nameof(NoPropOptions.LearningRate)} (now {learningRate}); ")
        + $"choose {nameof(PriorLoss)}.{PriorLoss.ExactKl} and {nameof(DenoisingLoss)}.{DenoisingLoss.SquaredError}, under which the loss "
        + $"holds them apart; or {nameof(NoiseScheduleKind)}.{NoiseScheduleKind.Learned}, whose ends stay.";

    /// <summary>Returns the sentence.</summary>
    /// <param name="metrics">The epoch.</param>
    public static string Sentence(EpochMetrics metrics)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Epoch {metrics.Epoch} of {metrics.Epochs}: loss {metrics.TrainingLoss:F4}");
        if (metrics.PriorLoss != 0 || metrics.ReadoutLoss != 0) // else it is the first term alone
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $" (denoising {metrics.DenoisingLoss:F4}, prior {metrics.PriorLoss:F4}, read-out {metrics.ReadoutLoss:F4})");
        }

        if (metrics.TrainingAccuracy is { } accuracy)
        {
            text.Append(CultureInfo.InvariantCulture, $", training accuracy {accuracy:P1}");
        }

        if (metrics.ValidationAccuracy is { } validation)
        {
            text.Append(CultureInfo.InvariantCulture, $", validation accuracy {validation:P1}, log-loss {metrics.ValidationLogLoss:F4}");
        }

        text.Append(CultureInfo.InvariantCulture, $", learning rate {metrics.LearningRate:G3}");
        var norm = metrics.EmbeddingNorm.ToString("F3", CultureInfo.InvariantCulture);
        text.Append(norm == "1.000" ? string.Empty : $", class embeddings' mean norm {norm}"); // that of classes as they start
        text.Append(CultureInfo.InvariantCulture, $"; {metrics.Elapsed.TotalSeconds:F1} s so far.");
        return text.ToString();
    }

    /// <summary>Returns the sentence about a training that was cancelled and gives a model.</summary>
    /// <param name="epoch">The epoch in which it stands, from 1.</param>
    /// <param name="epochs">The number of epochs asked for.</param>
    /// <param name="lowest">The validation log-loss of the epoch whose model it gives; infinite for the last step.</param>
    public static string EndedEarly(int epoch, int epochs, double lowest)
    {
        var given = double.IsFinite(lowest)
            ? string.Create(CultureInfo.InvariantCulture, $"the model of its best epoch, of validation log-loss {lowest:F4}")
            : "its model so far";
        return $"Training was cancelled in epoch {epoch} of {epochs} and gives {given}.";
    }

    /// <summary>Returns the sentence about a training of which the best epoch's model is given.</summary>
    /// <param name="last">The last epoch, from 1.</param>
    /// <param name="best">The best one.</param>
    /// <param name="epochs">The number of epochs asked for.</param>
    /// <param name="isStopped">Whether early stopping ended it.</param>
    /// <param name="lowest">The best epoch's validation log-loss.</param>
    public static string BestGiven(int last, int best, int epochs, bool isStopped, double lowest)
    {
        var end = isStopped ? $"Training stopped early, after epoch {last} of {epochs}, and gives" : "Training gives";
        return string.Create(
            CultureInfo.InvariantCulture, $"{end} the model of epoch {best}, which had the lowest validation log-loss, {lowest:F4}.");
    }

    /// <summary>Returns the sentence about which of two trainings was kept.</summary>
    /// <param name="isFirst">Whether the first one was.</param>
    /// <param name="start">The validation log-loss after the first; <see langword="null"/> where an earlier process measured it.</param>
    /// <param name="lowest">The lowest one of both.</param>
    public static string Kept(bool isFirst, double? start, double lowest)
    {
        var before = start is { } known ? string.Create(CultureInfo.InvariantCulture, $" from {known:F4}") : string.Empty;
        return isFirst
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"No epoch with a trained last stage had a validation log-loss below {lowest:F4}: the pretrained network stays as it was.")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Training the last stage too lowered the validation log-loss{before} to {lowest:F4}: that model is kept.");
    }
}
