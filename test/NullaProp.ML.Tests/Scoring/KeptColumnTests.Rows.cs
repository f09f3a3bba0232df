using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Scoring;

/// <summary>The rows whose columns are kept.</summary>
public sealed partial class KeptColumnTests
{
    private static IEnumerable<Photo> Photos(int count)
    {
        for (var row = 0; row < count; row++)
        {
            using var image = MLImage.CreateFromPixels(
                TinyImages.Side, TinyImages.Side, MLPixelFormat.Rgba32, [.. Enumerable.Repeat((byte)(row % 200), 4 * TinyImages.Size)]);
            image.Tag = $"photo {row}";
            yield return new Photo { Features = image, Label = (uint)(row % 2) };
        }
    }

    private static AllTypes Row(float[] pixels, int row) => new()
    {
        Features = pixels,
        Number = row,
        Long = row * 10_000_000_000L,
        IsEven = row % 2 == 0,
        Text = $"text {row % 7}",
        When = new DateTime(2000, 1, 1).AddDays(row),
        Span = TimeSpan.FromSeconds(row),
        Offset = new DateTimeOffset(2000, 1, 1, row % 24, 0, 0, TimeSpan.Zero),
        Words = [.. Enumerable.Range(0, row % 4).Select(i => $"word {i} of {row}")],
        Bytes = [(byte)row, 1, 2],
        Sparse = row % 3 == 0 ? new VBuffer<double>(5, [1, 2, 3, 4, row]) : new VBuffer<double>(5, 2, [row, -row], [1, 4]),
    };

    private sealed class AllTypes
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        public int Number { get; set; }

        public long Long { get; set; }

        public bool IsEven { get; set; }

        public string Text { get; set; } = "";

        public DateTime When { get; set; }

        public TimeSpan Span { get; set; }

        public DateTimeOffset Offset { get; set; }

        public string[] Words { get; set; } = [];

        [VectorType(3)]
        public byte[] Bytes { get; set; } = [];

        [VectorType(5)]
        public VBuffer<double> Sparse { get; set; }
    }

    private sealed class MemoryRow
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        public ReadOnlyMemory<char> Text { get; set; }
    }

    private sealed class LargeRow
    {
        public const int Size = 524_288; // 2 MB

        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        [VectorType(Size)]
        public float[] Large { get; set; } = [];
    }

    private sealed class Photo
    {
        [ImageType(TinyImages.Side, TinyImages.Side)]
        public MLImage Features { get; set; } = null!;

        [KeyType(2)]
        public uint Label { get; set; }
    }

    private sealed class ObjectRow
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; set; } = [];

        [OwnerType]
        public Owner Owner { get; set; } = null!;
    }

    private sealed record Owner(int Number);

    private sealed class OwnerType : StructuredDataViewType
    {
        public OwnerType()
            : base(typeof(Owner))
        {
        }

        public override bool Equals(DataViewType? other) => other is OwnerType;
    }

    private sealed class OwnerTypeAttribute : DataViewTypeAttribute
    {
        public override bool Equals(DataViewTypeAttribute? other) => other is OwnerTypeAttribute;

        public override int GetHashCode() => 1;

        public override void Register() =>
            DataViewTypeManager.Register(new OwnerType(), typeof(Owner), this);
    }
}
