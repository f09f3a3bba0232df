namespace NullaProp.ML.Samples.Images;

/// <summary>What to do about files that cannot be read as images.</summary>
internal enum UnreadableImages
{
    /// <summary>Name all of them and end.</summary>
    Stop,

    /// <summary>Leave them out and say how many they are.</summary>
    Skip,
}

/// <summary>What <c>train</c> learns from and what it is judged by.</summary>
/// <param name="Training">The images to learn from.</param>
/// <param name="Evaluation">The images of the test folder; without one, those held back for validation.</param>
/// <param name="Unreadable">The number of files left out.</param>
internal sealed record TrainingFolder(IReadOnlyList<ImageRow> Training, IReadOnlyList<ImageRow> Evaluation, int Unreadable)
{
    /// <summary>Reads the folders and decodes every image once, so that all broken files come to light before any training.</summary>
    /// <param name="folder">A folder of class folders.</param>
    /// <param name="testFolder">Another one, with the same classes or fewer.</param>
    /// <param name="unreadable">What to do about broken files.</param>
    /// <param name="validationFraction">The share of each class held back where there is no test folder.</param>
    /// <param name="seed">Decides which are held back.</param>
    /// <exception cref="UserMistakeException">The images are not enough to train and to judge by, or some are broken.</exception>
    public static TrainingFolder Read(
        string folder, string? testFolder, UnreadableImages unreadable, double validationFraction, int seed)
    {
        IReadOnlyList<ImageRow> found = ImageFolder.Read(folder);
        RequireTwoClasses(found, folder);
        IReadOnlyList<ImageRow> foundTest = testFolder is null ? [] : ImageFolder.Read(testFolder);
        if (testFolder is not null)
            RequireKnownClasses(foundTest, testFolder, found);

        var broken = ImageFile.Unreadable(found.Concat(foundTest));
        if (broken.Count > 0 && unreadable == UnreadableImages.Stop)
        {
            throw new UserMistakeException(
                ImageFile.Describe(broken) + "\nMend or remove what is broken, or leave it out with --unreadable skip.");
        }

        var (images, testImages) = (Without(broken, found, folder), Without(broken, foundTest, testFolder));
        if (testFolder is not null)
            return new TrainingFolder(images, testImages, broken.Count);

        RequireTwoOfEachClass(images, folder);
        var split = StratifiedSplit.Of(images, validationFraction, seed);
        return new TrainingFolder(split.Training, split.Validation, broken.Count);
    }

    private static void RequireTwoClasses(IReadOnlyList<ImageRow> images, string folder)
    {
        if (ClassesOf(images) is [var only])
        {
            throw new UserMistakeException(
                $"The folder '{folder}' has only one class folder, '{only}'. A classifier needs two classes or more.");
        }
    }

    private static void RequireKnownClasses(IReadOnlyList<ImageRow> test, string testFolder, IReadOnlyList<ImageRow> training)
    {
        if (ClassesOf(test).Except(ClassesOf(training)).ToList() is { Count: > 0 } unknown)
        {
            throw new UserMistakeException(
                $"The test folder '{testFolder}' has classes that the training folder lacks: {Quoted(unknown)}. "
                + "A model knows only the classes that it was trained on.");
        }
    }

    private static void RequireTwoOfEachClass(IReadOnlyList<ImageRow> images, string folder)
    {
        var single = images.GroupBy(image => image.Label).Where(images => images.Count() == 1).Select(images => images.Key).ToList();
        if (single.Count > 0)
        {
            throw new UserMistakeException(
                $"These classes of '{folder}' have one readable image: {Quoted(single)}. Each needs one to train on and one to hold back. "
                + "Add images, or name a folder of test images with --test.");
        }
    }

    private static List<ImageRow> Without(IReadOnlyList<ImageRow> broken, IReadOnlyList<ImageRow> found, string? folder)
    {
        var images = found.Except(broken).ToList();
        if (ClassesOf(found).Except(ClassesOf(images)).ToList() is not { Count: > 0 } lost)
            return images;

        throw new UserMistakeException($"All images of these classes of '{folder}' are broken: {Quoted(lost)}.");
    }

    private static List<string> ClassesOf(IEnumerable<ImageRow> images) => [.. images.Select(image => image.Label).Distinct()];

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
