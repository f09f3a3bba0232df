using System.Runtime.InteropServices;
using NullaProp.ML.Randomness;
using NullaProp.ML.Scoring;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

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
