using NullaProp.ML.Randomness;

namespace NullaProp.ML.TrainingImages;

/// <summary>Labelled images to measure a model on, wherever they are kept.</summary>
internal interface IImages
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the number of images.</summary>
    int Count { get; }

    /// <summary>Returns a hash of pixels, labels and weights in the order of the rows.</summary>
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

    /// <summary>Gets a value indicating whether the images are of two classes or more.</summary>
    bool HasSeveralClasses { get; }

    /// <summary>Gets images in memory on which to measure the accuracy of training: all, or some of them.</summary>
    ImageStore Sample { get; }

    /// <summary>Gets or sets how much the loss of each image counts; <see langword="null"/> where all count the same.</summary>
    RowWeights? Weights { get; set; }

    /// <summary>Returns mean and standard deviation of each channel over all images.</summary>
    ChannelStatistics ChannelStatistics();

    /// <summary>Returns a hash of pixels, labels and weights in the order of the rows.</summary>
    string Hash();

    /// <summary>Returns every image once, in random order, in batches that the caller disposes; only the last may be smaller.</summary>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="order">The source of the order; the epoch's own from here on.</param>
    /// <param name="first">The batch to begin with, from 0, where an earlier process took those before.</param>
    IEnumerable<ImageBatch> Epoch(int batchSize, RandomStream order, int first = 0);
}
