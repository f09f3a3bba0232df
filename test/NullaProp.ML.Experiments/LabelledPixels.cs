using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;

namespace NullaProp.ML.Experiments;

/// <summary>A row of a published 28×28 data set.</summary>
internal sealed class LabelledPixels
{
    private const int Side = 28;

    [VectorType(1, Side, Side)]
    public required byte[] Features { get; init; }

    [KeyType(10)]
    public required uint Label { get; init; } // from 0: ML.NET adds 1 for its keys

    /// <summary>Reads the pair of IDX files of a data set's part, <c>train</c> or <c>t10k</c>.</summary>
    /// <param name="mlContext">Makes the data view.</param>
    /// <param name="folder">The folder of the published files.</param>
    /// <param name="part"><c>train</c> or <c>t10k</c>.</param>
    /// <param name="first">The first row wanted, from 0.</param>
    /// <param name="end">The row after the last one wanted; <see langword="null"/>: to the end.</param>
    /// <exception cref="UserMistakeException">The files are not there, not of this format or hold fewer rows.</exception>
    public static IDataView Read(MLContext mlContext, string folder, string part, int first = 0, int? end = null)
    {
        try
        {
            var images = IdxFile.Read(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"));
            var labels = IdxFile.Read(Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
            var least = end ?? (first + 1);
            if (least > labels.Values.Length)
            {
                throw new UserMistakeException(
                    $"{least:N0} rows are wanted of the '{part}' part of the data in '{folder}', "
                    + $"but it holds only {labels.Values.Length:N0}.");
            }

            var rows = Enumerable.Range(first, (end ?? labels.Values.Length) - first);
            return mlContext.Data.LoadFromEnumerable(rows.Select(row => new LabelledPixels
            {
                Features = images.Values.AsSpan(row * Side * Side, Side * Side).ToArray(),
                Label = labels.Values[row],
            }).ToList());
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new UserMistakeException(
                $"The '{part}' part of the data cannot be read from '{folder}': {exception.Message} "
                + "It needs the four files of MNIST or Fashion-MNIST as published, gzipped.",
                exception);
        }
    }
}
