namespace NullaProp.ML.Tests.Support;

/// <summary>A clock that stands until a test sets it.</summary>
internal sealed class ManualTime : TimeProvider
{
    public long Milliseconds { get; set; }

    public override long TimestampFrequency => 1_000;

    public override long GetTimestamp() => Milliseconds;
}
