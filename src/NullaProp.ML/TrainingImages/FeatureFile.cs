using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NullaProp.ML.Interop;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// What a pretrained network saw in images, in a file that outlives the process: a training that is started again computes nothing of it
/// twice. An image is found by its pixels, so that others may have come, gone or changed places.
/// </summary>
/// <remarks>
/// A line that says what it is, and then one record an image: a hash of network and pixels, the features, and a hash of both. What a dying
/// process or disk left damaged is not found, and computed again.
/// </remarks>
internal sealed class FeatureFile : IDisposable
{
    /// <summary>Its name in a folder of checkpoints.</summary>
    public const string Name = "features";

    /// <summary>What the file begins with.</summary>
    public static readonly byte[] Header = [.. "What a pretrained network of NullaProp.ML saw in photos\n"u8];

    private const int HashSize = SHA256.HashSizeInBytes;

    private readonly string _path;
    private readonly byte[] _network;
    private readonly int _size;
    private readonly FeatureWriter _compute;
    private readonly Action<string> _inform;
    private readonly Action<string> _warn;
    private readonly Dictionary<Digest, long> _places = []; // of features, in bytes
    private readonly SafeFileHandle _file;
    private long _end = Header.Length;
    private bool _isTold;
    private bool _isFull; // or broken: nothing more is written

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">The file; nobody else may write to it.</param>
    /// <param name="network">A hash of all that decides what the network sees in pixels.</param>
    /// <param name="size">The number of an image's features.</param>
    /// <param name="compute">Computes features that are not there.</param>
    /// <param name="inform">Hears once that features are read from the file.</param>
    /// <param name="warn">Hears that it cannot be written any longer.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public FeatureFile(
        string path, byte[] network, int size, FeatureWriter compute, Action<string> inform, Action<string> warn)
    {
        (_path, _network, _size, _compute, _inform, _warn) = (path, network, size, compute, inform, warn);
        try
        {
            _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserFault.Of(new IOException(
                $"The file '{path}' of what the pretrained network saw in the photos cannot be opened: {fault.Message.TrimEnd('.')}. "
                    + "Delete it, or choose another folder for checkpoints.",
                fault));
        }

        try
        {
            RequireOwn();
            FindRecords();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    private int RecordSize => HashSize + (_size * sizeof(float)) + HashSize;

    /// <summary>Writes the features of images: those that are in the file, and the others computed, which then are.</summary>
    /// <param name="pixels">The images one after the other.</param>
    /// <param name="features">Where to write, row after row.</param>
    public void Write(ReadOnlySpan<float> pixels, Span<float> features)
    {
        var count = features.Length / _size;
        var imageSize = pixels.Length / count;
        var (digests, missing) = (new Digest[count], new List<int>());
        for (var row = 0; row < count; row++)
        {
            digests[row] = DigestOf(pixels.Slice(row * imageSize, imageSize));
            if (!TryRead(digests[row], features.Slice(row * _size, _size)))
            {
                missing.Add(row);
            }
        }

        TellOnce(count - missing.Count);
        if (missing is [])
        {
            return;
        }

        var (images, computed) = (new float[missing.Count * imageSize], new float[missing.Count * _size]);
        foreach (var (place, row) in missing.Index())
        {
            pixels.Slice(row * imageSize, imageSize).CopyTo(images.AsSpan(place * imageSize));
        }

        _compute(images, computed);
        foreach (var (place, row) in missing.Index())
        {
            var values = computed.AsSpan(place * _size, _size);
            values.CopyTo(features[(row * _size)..]);
            Add(digests[row], values);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private Digest DigestOf(ReadOnlySpan<float> pixels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_network);
        hash.AppendData(MemoryMarshal.AsBytes(pixels));
        return MemoryMarshal.Read<Digest>(hash.GetHashAndReset());
    }

    // A process or a disk that died leaves the line's beginning, or zeros, or something else before whole records.
    private void RequireOwn()
    {
        var found = new byte[Header.Length];
        found = found[..RandomAccess.Read(_file, found, 0)];
        if (!Header.AsSpan().StartsWith(found) && found.AsSpan().ContainsAnyExcept((byte)0) && !IsRecord(new byte[RecordSize], _end))
        {
            throw UserFault.Of(new IOException(
                $"The file '{_path}' is another's: what the pretrained network sees in the photos would be written over it. Choose "
                    + "another folder for checkpoints, or rename the file."));
        }

        if (!found.AsSpan().SequenceEqual(Header))
        {
            TryWrite(Header, 0);
        }
    }

    private bool IsRecord(byte[] record, long place) =>
        RandomAccess.Read(_file, record, place) == RecordSize
        && SHA256.HashData(record.AsSpan(..^HashSize)).AsSpan().SequenceEqual(record.AsSpan(^HashSize..));

    private void FindRecords()
    {
        var record = new byte[RecordSize];
        for (var length = RandomAccess.GetLength(_file); _end + RecordSize <= length; _end += RecordSize)
        {
            if (IsRecord(record, _end))
            {
                _places[MemoryMarshal.Read<Digest>(record)] = _end + HashSize;
            }
        }
    }

    private void TellOnce(int found)
    {
        if (found > 0 && !_isTold)
        {
            _isTold = true;
            _inform($"What the pretrained network saw in photos before is read from '{_path}'.");
        }
    }

    private bool TryRead(Digest digest, Span<float> features) =>
        _places.TryGetValue(digest, out var place)
        && RandomAccess.Read(_file, MemoryMarshal.AsBytes(features), place) == features.Length * sizeof(float);

    private void Add(Digest digest, ReadOnlySpan<float> features)
    {
        var record = new byte[RecordSize];
        MemoryMarshal.Write(record, digest);
        MemoryMarshal.AsBytes(features).CopyTo(record.AsSpan(HashSize));
        SHA256.HashData(record.AsSpan(..^HashSize), record.AsSpan(^HashSize..));
        if (TryWrite(record, _end))
        {
            _places[digest] = _end + HashSize;
            _end += RecordSize;
        }
    }

    private bool TryWrite(byte[] bytes, long place)
    {
        if (_isFull)
        {
            return false;
        }

        try
        {
            RandomAccess.Write(_file, bytes, place);
            return true;
        }
        catch (IOException fault)
        {
            _isFull = true;
            _warn($"What the pretrained network sees in the photos cannot be kept in '{_path}': {fault.Message.TrimEnd('.')}. A training "
                + "that is started again has to compute it again.");
            return false;
        }
    }

    // The 32 bytes of a hash, as a key.
    private readonly record struct Digest(UInt128 First, UInt128 Second);
}
