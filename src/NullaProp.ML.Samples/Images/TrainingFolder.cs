using Microsoft.ML;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Images;

/// <summary>What <c>train</c> learns from and what it is judged by.</summary>
/// <param name="Training">The images to learn from.</param>
/// <param name="Evaluation">The images of the test folder; without one, those held back for validation.</param>
/// <param name="Unreadable">The number of files left out.</param>
internal sealed record TrainingFolder(ImageFolder Training, ImageFolder Evaluation, int Unreadable)
{
    /// <summary>Reads the folders and decodes every image once, so that all broken files come to light before any training.</summary>
    /// <param name="mlContext">The context.</param>
    /// <param name="folder">A folder of class folders.</param>
    /// <param name="testFolder">Another one, with the same classes or fewer.</param>
    /// <param name="unreadable">What to do about broken files.</param>
    /// <param name="validationFraction">The share of each class held back where there is no test folder.</param>
    /// <param name="seed">Decides which are held back.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="UserMistakeException">The images are not enough to train and to judge by, or some are broken.</exception>
    public static TrainingFolder Read(
        MLContext mlContext,
        string folder,
        string? testFolder,
        UnreadableImages unreadable,
        double validationFraction,
        int seed,
        CancellationToken cancellationToken)
    {
        if (testFolder is not null && Path.GetRelativePath(folder, testFolder) == ".")
        {
            throw new UserMistakeException(
                $"--test is '{testFolder}', the folder that is trained on: how well its images are known says nothing of new ones. Name "
                + "another folder, or leave --test out to hold a part of this one back.");
        }

        var images = Load(mlContext, folder, unreadable, classNames: null, cancellationToken);
        if (testFolder is not null)
        {
            var test = Load(mlContext, testFolder, unreadable, images.ClassNames, cancellationToken);
            return new TrainingFolder(images, test, images.Unreadable.Count + test.Unreadable.Count);
        }

        try
        {
            var (training, validation) = images.Split(validationFraction, seed);
            return new TrainingFolder(training, validation, images.Unreadable.Count);
        }
        catch (InvalidOperationException fault)
        {
            throw new UserMistakeException($"{fault.Message} Name one with --test.", fault);
        }
    }

    /// <summary>Returns the images to judge by that are copies of training images, byte by byte, and one that each is a copy of.</summary>
    public IReadOnlyList<(string Copy, string Original)> Copies()
    {
        // Few files have the length of another one, and only these are read.
        var (training, evaluation) = (Training.Files.ToLookup(Length), Evaluation.Files.ToLookup(Length));
        var originals = training.Where(files => evaluation.Contains(files.Key)).SelectMany(files => files)
            .GroupBy(file => FileHash.Of(file.ImagePath)).ToDictionary(files => files.Key, files => files.First().ImagePath);
        var likely = evaluation.Where(files => training.Contains(files.Key)).SelectMany(files => files);
        return
        [
            .. likely.Select(file => (Copy: file.ImagePath, Original: originals.GetValueOrDefault(FileHash.Of(file.ImagePath), "")))
                .Where(pair => pair.Original.Length > 0),
        ];

        // Of what a link leads to, not of the link.
        static long Length(ImageRow file)
        {
            using var stream = File.OpenRead(file.ImagePath);
            return stream.Length;
        }
    }

    /// <summary>Checks that what a command writes makes no folder among the class folders, which would be taken for a class.</summary>
    /// <param name="folder">A folder of class folders; <see langword="null"/> for none.</param>
    /// <param name="outputs">The options that name files or folders to write, and what they say.</param>
    /// <exception cref="UserMistakeException">One does.</exception>
    public static void RequireOutside(string? folder, params (string Option, string? Path, bool IsFolder)[] outputs)
    {
        foreach (var (option, path, isFolder) in outputs.Where(output => output.Path is not null && folder is not null))
        {
            var made = isFolder ? Path.GetFullPath(path!) : Path.GetDirectoryName(Path.GetFullPath(path!))!;
            var within = Path.GetRelativePath(Path.GetFullPath(folder!), made);
            var isMade = isFolder || !Directory.Exists(made);
            if (isFolder && within == ".")
                throw new UserMistakeException($"{option} is '{path}', the folder of the images itself. Name one outside.");
            if (isMade && !within.StartsWith('.') && !Path.IsPathRooted(within)) // a hidden folder is no class
            {
                throw new UserMistakeException(
                    $"{option} is '{path}', a place among the class folders of '{folder}', where it would be taken for a class. "
                    + "Name one outside.");
            }
        }
    }

    /// <summary>Reads a folder of class folders.</summary>
    /// <exception cref="UserMistakeException">It has too few images or broken ones.</exception>
    public static ImageFolder Load(
        MLContext mlContext,
        string folder,
        UnreadableImages unreadable = UnreadableImages.Stop,
        IReadOnlyList<string>? classNames = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            return mlContext.Data.LoadImageFolder(folder, unreadable, classNames, cancellationToken);
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException or ArgumentException)
        {
            throw new UserMistakeException(fault.Message, fault); // what the library says of files is a sentence for users already
        }
    }
}
