using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Support;

/// <summary>Photos of two classes, of the size that the pretrained network reads.</summary>
internal static class StripedPhotos
{
    private const int Side = 224;
    private const int Size = 3 * Side * Side;

    // Stripes that lie and stripes that stand, of any colour and width, behind noise.
    public static IDataView Data(MLContext context, int rows, int seed, bool areNamedRight = true) =>
        TinyImages.WithKeys(context, context.Data.LoadFromEnumerable(Rows(rows, seed, areNamedRight).ToList()));

    /// <summary>Returns the same rows one by one.</summary>
    public static IEnumerable<Photo> Rows(int rows, int seed, bool areNamedRight = true)
    {
        var random = new Random(seed);
        return Enumerable
            .Range(0, rows)
            .Select(row => new Photo
            {
                Label = row % 2 == 0 ? "lies" : "stands",
                Features = Stripes(stands: row % 2 == 1 == areNamedRight, random),
            });
    }

    private static float[] Stripes(bool stands, Random random)
    {
        var width = random.Next(8, 20);
        float[] colour = [random.Next(60, 200), random.Next(60, 200), random.Next(60, 200)];
        var pixels = new float[Size];
        for (var i = 0; i < Size; i++)
        {
            var place = stands ? i % Side : i / Side % Side;
            pixels[i] = (place / width % 2 * colour[i / (Side * Side)]) + random.Next(0, 30);
        }

        return pixels;
    }

    internal sealed class Photo
    {
        public string Label { get; init; } = string.Empty;

        [VectorType(3, Side, Side)]
        public float[] Features { get; init; } = [];
    }
}
