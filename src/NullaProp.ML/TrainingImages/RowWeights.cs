using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// How much the loss of each training row counts: its own weight times that of its class, over the mean of all rows. With a mean of 1 the
/// learning rate keeps its meaning.
/// </summary>
internal sealed class RowWeights
{
    private readonly double[] _factors;

    private RowWeights(double[] factors) => _factors = factors;

    /// <summary>Returns how much a row counts.</summary>
    /// <param name="row">The row.</param>
    public float Of(LabelledRow row) => (float)(row.Weight * _factors[row.Label]);

    /// <summary>Returns the weights that the options ask for, or <see langword="null"/> where they ask for none.</summary>
    /// <param name="options">The options.</param>
    /// <param name="totals">The training rows, at least one.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="InvalidOperationException">Every row has weight 0.</exception>
    public static RowWeights? Of(NoPropOptions options, ClassTotals totals, IReadOnlyList<string> classNames)
    {
        if (options is { ExampleWeightColumnName: null, ClassWeighting: ClassWeighting.None, ClassWeights: null })
        {
            return null;
        }

        double[] ofClass = [.. classNames.Select(
            (name, label) => (options.ClassWeights?.Of(name) ?? 1) * Balance(options.ClassWeighting, totals, label))];
        var mean = ofClass.Zip(totals.Weights, (factor, sum) => factor * sum).Sum() / totals.Rows.Sum();
        return mean > 0
            ? new RowWeights([.. ofClass.Select(factor => factor / mean)])
            : throw UserFault.Of(
                new InvalidOperationException(
                    $"Every one of the {totals.Rows.Sum()} training rows has weight 0 in column '{options.ExampleWeightColumnName}', so "
                        + $"there is nothing to learn from. Check the column, or set {nameof(options.ExampleWeightColumnName)} to null."));
    }

    // n/(K·n_k), so that every class that occurs weighs the same in all.
    private static double Balance(ClassWeighting weighting, ClassTotals totals, int label) =>
        weighting == ClassWeighting.Balanced && totals.Rows[label] > 0
            ? (double)totals.Rows.Sum() / totals.Rows.Count / totals.Rows[label]
            : 1;
}

/// <summary>The SHA-256 of rows in the order in which they are read, to know the same data again.</summary>
internal sealed class RowHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _bytes = [];

    /// <summary>Adds a row. However it is kept, it adds the same: whole numbers of 0 to 255 as bytes, others as they are.</summary>
    /// <param name="pixels">Its pixels.</param>
    /// <param name="row">Its label and weight.</param>
    /// <returns>Whether they were added as bytes.</returns>
    public bool Add(ReadOnlySpan<float> pixels, LabelledRow row)
    {
        if (_bytes.Length != pixels.Length)
        {
            _bytes = new byte[pixels.Length];
        }

        var areBytes = PixelLoops.TryToBytes(pixels, _bytes);
        Add(areBytes ? _bytes : MemoryMarshal.AsBytes(pixels), row);
        return areBytes;
    }

    /// <summary>Adds a row whose pixels are bytes.</summary>
    /// <param name="pixels">Its pixels.</param>
    /// <param name="row">Its label and weight.</param>
    public void Add(ReadOnlySpan<byte> pixels, LabelledRow row)
    {
        Span<byte> rest = stackalloc byte[sizeof(int) + sizeof(float)];
        BinaryPrimitives.WriteInt32LittleEndian(rest, row.Label);
        BinaryPrimitives.WriteSingleLittleEndian(rest[sizeof(int)..], row.Weight);
        _hash.AppendData(pixels);
        _hash.AppendData(rest);
    }

    /// <summary>Returns the hash, 64 hexadecimal digits.</summary>
    public string Text() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
