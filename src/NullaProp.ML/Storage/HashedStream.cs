using System.Security.Cryptography;

namespace NullaProp.ML.Storage;

/// <summary>
/// A stream that is read or written through to another one, and knows the SHA-256 of all bytes that passed. A block is hashed by another
/// thread while the next one passes: to hash a model takes a tenth of the time that it takes to load it.
/// </summary>
/// <param name="inner">The other stream; it stays open.</param>
internal sealed class HashedStream(Stream inner) : Stream
{
    private const int BlockSize = 1 << 16; // small enough for the heap of small objects

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _block = new byte[BlockSize];
    private byte[] _hashed = new byte[BlockSize]; // by the other thread, until its work is done
    private int _count;
    private Task _work = Task.CompletedTask;

    /// <inheritdoc/>
    public override bool CanRead => inner.CanRead;

    /// <inheritdoc/>
    public override bool CanWrite => inner.CanWrite;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Returns the hash so far, 64 hexadecimal digits, and starts anew.</summary>
    public string Hash()
    {
        HandOver();
        _work.GetAwaiter().GetResult();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var count = inner.Read(buffer);
        Append(buffer[..count]);
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Append(buffer);
        inner.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _work.GetAwaiter().GetResult();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, BlockSize - _count);
            bytes[..count].CopyTo(_block.AsSpan(_count));
            bytes = bytes[count..];
            _count += count;
            if (_count == BlockSize)
            {
                HandOver();
            }
        }
    }

    private void HandOver()
    {
        _work.GetAwaiter().GetResult();
        var (block, count) = (_block, _count);
        (_block, _hashed, _count) = (_hashed, _block, 0);
        _work = Task.Run(() => _hash.AppendData(block, 0, count));
    }
}
