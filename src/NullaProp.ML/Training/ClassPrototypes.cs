using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Scoring;
using NullaProp.ML.Tensors;
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
        && options.Variant.GoesFromNoiseToLabel
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
                $"{Name(missing)} has no row among the {data.Training.Count} of the training data, but {Choice} starts each class at one "
                    + $"of its rows. Add some, or choose {nameof(EmbeddingInitialization)}.{EmbeddingInitialization.Orthogonal}.");
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
                    + "one: its images are all alike or blank. Check them, or choose "
                        + $"{nameof(EmbeddingInitialization)}.{EmbeddingInitialization.Orthogonal}.");
        }

        rows.select(0, index).copy_(chosen);
    }

    // One factor for all classes brings their mean length to 1: noise has variance 1 in every direction, and a label as long as many pixels
    // together shows through almost all of it (docs/decisions.md).
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

/// <summary>
/// Some training images of each class: the first that come in a random order, whether the images are in memory or read anew.
/// </summary>
internal sealed class ClassSamples
{
    private readonly ImageStore _images;
    private readonly List<long>[] _rows;
    private readonly int _most;

    /// <summary>Collects the images.</summary>
    /// <param name="images">The training images.</param>
    /// <param name="classes">K, the number of classes.</param>
    /// <param name="most">The most images of a class.</param>
    /// <param name="order">The source of the order.</param>
    /// <param name="checkAlive">Called for every batch; throws to stop.</param>
    public ClassSamples(ITrainingImages images, int classes, int most, RandomStream order, Action checkAlive)
    {
        _images = new ImageStore(images.Shape);
        _rows = [.. Enumerable.Range(0, classes).Select(_ => new List<long>())];
        _most = most;
        foreach (var batch in images.Epoch(ScoringBatch.Rows(images.Shape), order))
        {
            using (batch)
            {
                checkAlive();
                Keep(batch);
            }

            if (_rows.All(rows => rows.Count == most))
            {
                break;
            }
        }
    }

    /// <summary>Gets the class that has no image, or <see langword="null"/> where each has one.</summary>
    public int? Missing => Array.FindIndex(_rows, rows => rows.Count == 0) is >= 0 and var index ? index : null;

    /// <summary>Returns the images of one class, which the caller disposes.</summary>
    /// <param name="index">The class, from 0.</param>
    public ImageBatch Of(int index) => _images.Gather(CollectionsMarshal.AsSpan(_rows[index]));

    private void Keep(ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        var pixels = batch.Pixels.to(ScalarType.Float32).data<float>().ToArray();
        var size = _images.Shape.Size;
        foreach (var (index, label) in batch.Labels.data<long>().ToArray().Index().Where(row => _rows[row.Item].Count < _most))
        {
            _rows[label].Add(_images.Count);
            _images.Add(pixels.AsSpan(index * size, size), (int)label);
        }
    }
}

/// <summary>
/// Finds the point in the middle of a few thousand: one of them, not their mean. Of several equally good ones, the first.
/// </summary>
internal static class Medoid
{
    private const int ColumnsAtOnce = 4096; // 64 MB of double precision for 2,000 points

    /// <summary>Returns the number of the point with the smallest sum of squared distances to the others.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    public static int BySumOfSquares(Tensor points)
    {
        using var scope = NewDisposeScope();
        return Smallest(SquaredDistances(points).sum(1));
    }

    /// <summary>Returns the number of the point with the smallest median distance to all points, itself included.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    public static int ByMedian(Tensor points) => ByRank(points, (points.shape[0] - 1) / 2);

    /// <summary>Returns the number of the point with the smallest median distance to all other points.</summary>
    /// <param name="points">The points, (n, D) with n at least 1, single precision on the CPU.</param>
    // its distance to itself is the smallest, so n−1 others have their lower median one rank on
    public static int ByMedianOfOthers(Tensor points) => ByRank(points, points.shape[0] / 2);

    // The rank counts from 0. A median, the lower one where there are two, is one of the distances: squaring all of them changes no order.
    private static int ByRank(Tensor points, long rank)
    {
        using var scope = NewDisposeScope();
        return Smallest(SquaredDistances(points).kthvalue(rank + 1, 1).values);
    }

    private static int Smallest(Tensor values)
    {
        var numbers = values.data<double>().ToArray();
        return Array.IndexOf(numbers, numbers.Min());
    }

    // |a−b|² = |a|² + |b|² − 2a·b in double precision: exact for whole numbers, and exactly 0 between a point and itself.
    private static Tensor SquaredDistances(Tensor points)
    {
        var products = zeros(points.shape[0], points.shape[0], dtype: ScalarType.Float64, device: points.device); // (n, n)
        for (var column = 0L; column < points.shape[1]; column += ColumnsAtOnce)
        {
            using var scope = NewDisposeScope();
            var part = points.narrow(1, column, Math.Min(ColumnsAtOnce, points.shape[1] - column)).to(ScalarType.Float64); // (n, some)
            products.add_(part.mm(part.t()), HeldScalar.One);
        }

        var squares = products.diagonal(); // (n)
        return squares.unsqueeze(1).Plus(squares).sub_(products.mul(HeldScalar.Two)); // (n, n)
    }
}
