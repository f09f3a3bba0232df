using System.Runtime.InteropServices;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// Labelled images to measure a model on that do not fit into the memory allowed: read anew whenever they are asked for, in their own
/// order.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="count">How many there are.</param>
internal sealed class OrderedImages(ILabelledRows rows, int count) : IImages
{
    /// <inheritdoc/>
    public ImageShape Shape => rows.Shape;

    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public string Hash()
    {
        var pixels = new float[Shape.Size];
        using var hash = new RowHash();
        foreach (var row in rows.Again(pixels, count))
        {
            hash.Add(MemoryMarshal.AsBytes<float>(pixels), row);
        }

        return hash.Text();
    }

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> InOrder(int batchSize)
    {
        var pixels = new float[Shape.Size];
        var batch = new ImageStore(Shape);
        foreach (var row in rows.Again(pixels, count))
        {
            batch.Add(pixels, row.Label);
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

    private static ImageBatch All(ImageStore images) => images.Gather(images.EvenRows(images.Count));
}
