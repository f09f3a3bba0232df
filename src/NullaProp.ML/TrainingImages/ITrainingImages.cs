using NullaProp.ML.Interop;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using static TorchSharp.torch;

namespace NullaProp.ML.TrainingImages;

/// <summary>Labelled images to measure a model on, wherever they are kept.</summary>
internal interface IImages
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the number of images.</summary>
    int Count { get; }

    /// <summary>Returns a hash of images, labels and weights in the order of the rows, the same on every machine.</summary>
    string Hash();

    /// <summary>Returns every image once, in the order of the rows, in batches that the caller disposes; the last may be smaller.</summary>
    /// <param name="batchSize">Images in a batch.</param>
    IEnumerable<ImageBatch> InOrder(int batchSize);
}

/// <summary>Labelled images to train on, wherever they are kept.</summary>
internal interface ITrainingImages
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the number of images.</summary>
    int Count { get; }

    /// <summary>Gets the bytes that an image takes in a batch.</summary>
    int RowBytes { get; }

    /// <summary>Gets images in memory on which to measure the accuracy of training: all, or some of them.</summary>
    ImageStore Sample { get; }

    /// <summary>Gets or sets how much the loss of each image counts; <see langword="null"/> where all count the same.</summary>
    RowWeights? Weights { get; set; }

    /// <summary>Returns mean and standard deviation of each channel over all images.</summary>
    ChannelStatistics ChannelStatistics();

    /// <summary>Returns a hash of images, labels and weights in the order of the rows, the same on every machine.</summary>
    string Hash();

    /// <summary>Returns every image once, in random order, in batches that the caller disposes; only the last may be smaller.</summary>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="order">The source of the order; the epoch's own from here on.</param>
    /// <param name="first">The batch to begin with, from 0, where an earlier process took those before.</param>
    IEnumerable<ImageBatch> Epoch(int batchSize, RandomStream order, int first = 0);
}

/// <summary>Some images and their classes, ready for the network.</summary>
/// <param name="Pixels">Raw pixels, (B, C, H, W), bytes or floats.</param>
/// <param name="Labels">Class indices from 0, (B), 64-bit integers.</param>
/// <param name="Weights">
/// How much the loss of each image counts, (B), of mean 1 over the training data; <see langword="null"/> where all count the same.
/// </param>
internal sealed record ImageBatch(Tensor Pixels, Tensor Labels, Tensor? Weights = null) : IDisposable
{
    /// <summary>Returns the batch on a device.</summary>
    /// <param name="device">The device.</param>
    public ImageBatch To(Device device) => new(Pixels.to(device), Labels.to(device), Weights?.to(device));

    /// <inheritdoc/>
    public void Dispose()
    {
        Pixels.Dispose();
        Labels.Dispose();
        Weights?.Dispose();
    }
}

/// <summary>
/// Labelled images to measure a model on that do not fit into the memory allowed: read anew whenever they are asked for, in their own
/// order.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="count">How many there are.</param>
/// <param name="hash">Their hash.</param>
internal sealed class OrderedImages(ILabelledRows rows, int count, string hash) : IImages
{
    /// <inheritdoc/>
    public ImageShape Shape => rows.Shape;

    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public string Hash() => hash;

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> InOrder(int batchSize)
    {
        var pixels = new float[Shape.Size];
        var batch = new ImageStore(Shape);
        using var reading = rows.Again(pixels, count).GetEnumerator();
        while (MoveNext(reading))
        {
            batch.Add(pixels, reading.Current.Label);
            if (batch.Count == batchSize)
            {
                yield return All(batch);
                batch.Clear();
            }
        }

        if (batch.Count > 0)
        {
            yield return All(batch);
        }
    }

    // What makes the rows may be the host program's.
    private static bool MoveNext(IEnumerator<LabelledRow> reading)
    {
        using var host = new HostCode();
        return reading.MoveNext();
    }

    private static ImageBatch All(ImageStore images) => images.Gather(images.EvenRows(images.Count));
}
