namespace NullaProp.ML.Tests.Storage;

/// <summary>A stream as a socket or a zip entry is one: it cannot seek, tells no length, and gives a few bytes at a time.</summary>
internal sealed class OneWayStream(Stream inner, int mostBytesAtOnce) : Stream
{
    public int LargestRequest { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        LargestRequest = Math.Max(LargestRequest, buffer.Length);
        return inner.Read(buffer[..Math.Min(buffer.Length, mostBytesAtOnce)]);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
