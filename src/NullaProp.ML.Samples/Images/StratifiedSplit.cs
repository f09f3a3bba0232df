namespace NullaProp.ML.Samples.Images;

/// <summary>Images held back for validation, with the same share of every class.</summary>
internal sealed record StratifiedSplit(IReadOnlyList<ImageRow> Training, IReadOnlyList<ImageRow> Validation)
{
    /// <summary>Splits by seed. A class of two images or more has at least one on either side; a single image is for training.</summary>
    public static StratifiedSplit Of(IReadOnlyList<ImageRow> rows, double validationFraction, int seed)
    {
        var random = new Random(seed);
        List<ImageRow> training = [];
        List<ImageRow> validation = [];
        foreach (var images in rows.GroupBy(row => row.Label).Select(group => group.ToArray()))
        {
            random.Shuffle(images);
            var held = (int)Math.Round(images.Length * validationFraction);
            held = Math.Min(Math.Max(held, 1), images.Length - 1);
            validation.AddRange(images[..held]);
            training.AddRange(images[held..]);
        }

        return new StratifiedSplit(training, validation);
    }
}
