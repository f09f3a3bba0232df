using NullaProp.ML.Networks;
using NullaProp.ML.Scoring;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Starts learned class embeddings at one image of each class: its features, or its pixels.</summary>
/// <param name="model">The untrained model, with its normalisation set; its embeddings are changed in place.</param>
/// <param name="options">The options.</param>
/// <param name="data">The images to choose from.</param>
/// <param name="names">The names of the classes; <see langword="null"/> where they have none.</param>
internal sealed class ClassPrototypes(Denoiser model, NoPropOptions options, TrainingData data, IReadOnlyList<string>? names)
{
    private const int MostForFeatures = 10; // as both sources take
    private const int MostForPixels = 2000; // Differs from the paper: it takes all

    /// <summary>
    /// Returns whether options ask for it. The plain classifier knows no noisy label, so nothing of its embeddings matters.
    /// </summary>
    /// <param name="options">The options.</param>
    public static bool AreAskedFor(NoPropOptions options) =>
        options.Embedding.Kind != EmbeddingKind.OneHot
        && options.Variant is not CrossEntropyBaseline
        && options.Embedding.StartsAtImages;

    /// <summary>Chooses the images and sets the embeddings.</summary>
    /// <param name="checkAlive">Called for every batch and class; throws to stop.</param>
    /// <exception cref="InvalidOperationException">
    /// A class has no image, or none but one without a direction where a direction is all that is kept.
    /// </exception>
    public void Set(Action checkAlive)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var samples = new ClassSamples(data.Training, model.ClassCount, Most(), data.Streams.Of("prototypes"), checkAlive);
        if (samples.Missing is { } missing)
        {
            throw new InvalidOperationException(
                $"{Name(missing)} has no image among the {data.Training.Count} training images, but {Choice} starts each class at one "
                    + $"of its images. Add some, or choose {nameof(EmbeddingInitialization)}.{EmbeddingInitialization.Orthogonal}.");
        }

        var rows = zeros(model.ClassCount, model.Embedding.Dimension, dtype: ScalarType.Float32, device: CPU);
        for (var index = 0; index < model.ClassCount; index++)
        {
            checkAlive();
            SetRow(rows, index, samples);
        }

        Scale(rows);
        model.Embedding.StartAt(rows);
    }

    private string Choice => $"{nameof(EmbeddingInitialization)}.{options.Embedding.Initialization}";

    private void SetRow(Tensor rows, int index, ClassSamples samples)
    {
        using var scope = NewDisposeScope();
        using var batch = samples.Of(index);
        var points = Points(batch); // (n, D)
        var chosen = points[Middle(points)]; // (D)
        if (options.Embedding.Kind == EmbeddingKind.LearnedUnitNorm && !chosen.any().item<bool>())
        {
            throw new InvalidOperationException(
                $"{Name(index)} would start at the zero vector by {Choice}, which has no direction, but {options.Embedding.Kind} needs "
                    + $"one: its images are all alike or blank. Check them, or choose "
                        + $"{nameof(EmbeddingInitialization)}.{EmbeddingInitialization.Orthogonal}.");
        }

        rows.select(0, index).copy_(chosen);
    }

    // One factor for all classes brings their mean length to 1: noise has variance 1 in every direction, and a label as long as many pixels
    // together shows through almost all of
    // it (docs/decisions.md).
    private static void Scale(Tensor rows)
    {
        var length = rows.norm(1, false, 2f).mean();
        if (length.item<float>() > 0)
        {
            rows.div_(length);
        }
    }

    // What both the images of all classes and the points of one take must fit into the memory allowed; but a middle of fewer than ten would
    // be none.
    private int Most()
    {
        if (options.Embedding.Initialization != EmbeddingInitialization.PixelMedoid)
        {
            return MostForFeatures;
        }

        var bytes = ((long)model.ClassCount * data.Training.Sample.RowBytes) + ((long)data.Training.Shape.Size * sizeof(float));
        return (int)Math.Clamp(options.MaxCachedBytes / bytes, MostForFeatures, MostForPixels);
    }

    // The points among which to choose, one an image, (n, D) on the CPU.
    private Tensor Points(ImageBatch batch) => cat([.. batch.Pixels.split(ScoringBatch.Rows(data.Training.Shape)).Select(pixels =>
    {
        using var scope = NewDisposeScope();
        var images = model.Normalization.Apply(pixels.to(model.Weights.Device)); // (some, C, H, W)
        // (some, D)
        var points = options.Embedding.Initialization == EmbeddingInitialization.PixelMedoid
            ? images.flatten(1)
            : model.Blocks[0].Backbone.Features(images);
        return points.cpu().MoveToOuterDisposeScope();
    })]);

    private int Middle(Tensor points) => options.Embedding.Initialization switch
    {
        EmbeddingInitialization.FeatureMedoidBySum => Medoid.BySumOfSquares(points),
        EmbeddingInitialization.FeatureMedoidByMedian => Medoid.ByMedian(points),
        _ => Medoid.ByMedianOfOthers(points),
    };

    private string Name(int index) => names is null ? $"Class {index} (counted from 0)" : $"Class '{names[index]}'";
}
