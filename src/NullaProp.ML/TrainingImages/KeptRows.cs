using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NullaProp.ML.Interop;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// Labelled rows in a temporary file: what a network sees in photos, which takes long to compute, where it takes more memory than allowed.
/// The file is gone when the rows are, or the process is.
/// </summary>
internal sealed class KeptRows : ILabelledRows, IDisposable
{
    private readonly ILabelledRows _source;
    private readonly List<LabelledRow> _rows = [];
    private readonly SafeFileHandle _file;
    private readonly string _path;

    /// <summary>Makes the file.</summary>
    /// <param name="source">Where the rows come from; asked for their classes alone.</param>
    /// <param name="folder">The folder of the file.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public KeptRows(ILabelledRows source, string folder)
    {
        _source = source;
        _path = Path.Combine(folder, $"nullaprop-{Guid.NewGuid():N}.tmp");
        _file = Guarded(() => File.OpenHandle(
            _path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose));
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(_path); // an open file stays readable, and goes even with a process that is killed
        }
    }

    /// <inheritdoc/>
    public ImageShape Shape => _source.Shape;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _source.ClassNames;

    /// <inheritdoc/>
    public ClassTotals Totals => _source.Totals;

    /// <inheritdoc/>
    public long Skipped => _source.Skipped;

    /// <inheritdoc/>
    public string? HashOfImages => _source.HashOfImages;

    /// <inheritdoc/>
    public bool CanShuffle => true;

    /// <summary>Gets the number of rows.</summary>
    public int Count => _rows.Count;

    private long RowBytes => (long)Shape.Size * sizeof(float);

    /// <summary>Adds a row.</summary>
    /// <param name="values">Its values.</param>
    /// <param name="row">The rest of it.</param>
    /// <exception cref="IOException">The disk is full, or broken.</exception>
    public void Add(ReadOnlySpan<float> values, LabelledRow row)
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        Guarded(() =>
        {
            RandomAccess.Write(_file, bytes, _rows.Count * RowBytes);
            return 0;
        });
        _rows.Add(row);
    }

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Read(float[] pixels) => Enumerable.Range(0, Count).Select(row => ReadRow(row, pixels));

    /// <inheritdoc/>
    public IEnumerable<LabelledRow> Again(float[] pixels, int before, RandomStream? order = null) =>
        order is null ? Read(pixels) : order.Permutation(Count).Select(row => ReadRow((int)row, pixels));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private LabelledRow ReadRow(int row, float[] pixels)
    {
        Fill(MemoryMarshal.AsBytes(pixels.AsSpan(0, Shape.Size)), row * RowBytes);
        return _rows[row];
    }

    // A read may give less than was asked for.
    private void Fill(Span<byte> values, long start)
    {
        while (values.Length > 0)
        {
            var read = RandomAccess.Read(_file, values, start);
            if (read == 0)
            {
                throw new IOException($"The temporary file '{_path}' ends before its rows do. Did another program cut it?");
            }

            values = values[read..];
            start += read;
        }
    }

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserFault.Of(new IOException(
                $"What the pretrained network sees in the photos takes more than {nameof(NoPropOptions.MaxCachedBytes)}, and the temporary "
                    + $"file '{_path}' for it cannot be written: {fault.Message.TrimEnd('.')}. Make room there, name another folder "
                    + $"with the environment variable {(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")}, or raise the option.",
                fault));
        }
    }
}
