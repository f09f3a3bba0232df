namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>
/// Images of 1×28×28 bytes in ten classes, made from their number alone: a blend of the waves of two classes, the label's with the larger
/// share, under noise. Some blends are nearly even, so that a classifier stays unsure of them.
/// </summary>
internal static class SyntheticImages
{
    public const int Classes = 10;

    private const int Waves = 4;

    /// <summary>Gets the size of the images.</summary>
    public static ImageShape Shape { get; } = new(1, 28, 28);

    private static float[][] Patterns { get; } = [.. Enumerable.Range(0, Classes).Select(Pattern)]; // after Shape, which they need

    /// <summary>Returns an image's class, from 0.</summary>
    public static int Label(int number) => number % Classes;

    /// <summary>Returns an image's pixels.</summary>
    public static byte[] Pixels(int number)
    {
        var random = new Random(number);
        var noise = new byte[Shape.Size];
        random.NextBytes(noise);
        var share = 0.5f + (0.3f * random.NextSingle());
        var other = Patterns[(Label(number) + 1 + random.Next(Classes - 1)) % Classes];
        var own = Patterns[Label(number)];
        var pixels = new byte[Shape.Size];
        for (var i = 0; i < pixels.Length; i++)
        {
            var blend = (share * own[i]) + ((1 - share) * other[i]); // −1 to 1
            pixels[i] = (byte)Math.Clamp(64 + (50 * blend) + (noise[i] / 2), 0, 255);
        }

        return pixels;
    }

    // A few plane waves of the class's own directions and lengths, −1 to 1.
    private static float[] Pattern(int label)
    {
        var random = new Random(1_000_003 + label);
        var waves = Enumerable.Range(0, Waves).Select(_ => (X: Turn(random), Y: Turn(random), Phase: Turn(random) * 14)).ToArray();
        return [.. Enumerable.Range(0, Shape.Size).Select(i =>
            (float)waves.Average(wave => Math.Sin((wave.X * (i % Shape.Width)) + (wave.Y * (i / Shape.Width)) + wave.Phase)))];
    }

    private static double Turn(Random random) => random.NextDouble() - 0.5;
}
