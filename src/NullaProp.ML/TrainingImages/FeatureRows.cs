using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>Writes what a network sees in images.</summary>
/// <param name="pixels">The images one after the other.</param>
/// <param name="features">Where to write, row after row.</param>
internal delegate void FeatureWriter(ReadOnlySpan<float> pixels, Span<float> features);

/// <summary>What stands for images in training.</summary>
/// <param name="Shape">The size of an image's features.</param>
/// <param name="Write">Computes them.</param>
/// <param name="Known">The pixels that the network of the features knows.</param>
internal sealed record ImageFeatures(ImageShape Shape, FeatureWriter Write, PixelRange Known);

/// <summary>Labelled rows with the features of a network that is not trained in the place of their images.</summary>
/// <param name="images">The rows with their images.</param>
/// <param name="features">The features.</param>
internal sealed class FeatureRows(ILabelledRows images, ImageFeatures features) : ILabelledRows
{
    private const int Batch = 16; // photos are large: more at once take more memory, and no less time

    /// <inheritdoc/>
    public ImageShape Shape => features.Shape;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => images.ClassNames;

    /// <inheritdoc/>
    public ClassTotals Totals => images.Totals;

    /// <inheritdoc/>
    public long Skipped => images.Skipped;

    /// <inheritdoc/>
    public string? HashOfImages { get; private set; }

    /// <inheritdoc/>
    public bool CanShuffle => images.CanShuffle;

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Read(float[] pixels) => Features(images.Read, pixels);

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Again(float[] pixels, int before, RandomStream? order = null) =>
        Features(image => images.Again(image, before, order), pixels);

    private IEnumerable<LabelledRow> Features(Func<float[], IEnumerable<LabelledRow>> read, float[] target)
    {
        var image = new float[images.Shape.Size];
        var (pixels, values) = (new float[Batch * image.Length], new float[Batch * Shape.Size]);
        var rows = new List<LabelledRow>(Batch);
        using var hash = new RowHash();
        foreach (var row in read(image))
        {
            hash.Add(image, row);
            image.CopyTo(pixels, rows.Count * image.Length);
            rows.Add(row);
            if (rows.Count < Batch)
            {
                continue;
            }

            foreach (var full in Written())
            {
                yield return full;
            }
        }

        if (rows.Count > 0)
        {
            foreach (var last in Written())
            {
                yield return last;
            }
        }

        HashOfImages = hash.Text();

        IEnumerable<LabelledRow> Written()
        {
            features.Write(pixels.AsSpan(0, rows.Count * image.Length), values.AsSpan(0, rows.Count * Shape.Size));
            for (var i = 0; i < rows.Count; i++)
            {
                values.AsSpan(i * Shape.Size, Shape.Size).CopyTo(target);
                yield return rows[i];
            }

            rows.Clear();
        }
    }
}
