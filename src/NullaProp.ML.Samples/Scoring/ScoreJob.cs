using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Scoring;

/// <summary>
/// The scoring of many images into a folder of files, each with the rows of so many images. A file is there whole or not at all, and what
/// is there is not scored again: so a job goes on after any end, and many workers share it by number.
/// </summary>
/// <param name="folder">The folder of results.</param>
/// <param name="format">Writes a file.</param>
/// <param name="images">All images of the job, the same for all workers.</param>
/// <param name="partSize">The images of a file.</param>
internal sealed partial class ScoreJob(string folder, IScoreFormat format, IReadOnlyList<ImageRow> images, int partSize)
{
    private const string MarkName = "job.txt";

    private string _mark = string.Empty;

    /// <summary>Gets the number of files that all workers write together.</summary>
    public int Parts => (int)(((long)images.Count + partSize - 1) / partSize);

    /// <summary>
    /// Makes the folder, or checks that it belongs to the same job: the same model, images, size of files and format.
    /// </summary>
    /// <param name="modelHash">The <see cref="FileHash.Of"/> of the model's file.</param>
    /// <exception cref="UserMistakeException">It is another job's, or cannot be written.</exception>
    public void Begin(string modelHash)
    {
        _mark = Mark(modelHash);
        Guarded(() =>
        {
            if (File.Exists(folder))
                throw new UserMistakeException($"'{folder}' is a file, but --output needs a folder. Name another one.");
            Directory.CreateDirectory(folder);
            OutputFile.DeleteAbandoned(folder);
            // of a job that wrote nothing, nothing is lost
            if (!Directory.EnumerateFiles(folder).Any(file => PartName().IsMatch(Path.GetFileName(file))))
            {
                RequireMark();
                OutputFile.Replace(MarkPath, _mark);
            }

            RequireOwn();
        });
    }

    /// <summary>Scores the parts of one worker that are not there yet.</summary>
    /// <param name="predictor">The model.</param>
    /// <param name="index">The worker, from 0.</param>
    /// <param name="of">The number of workers.</param>
    /// <param name="tell">Hears of each part: its number, the number of parts, and its images that could not be read.</param>
    /// <param name="cancellationToken">Ends the work; of the part under way nothing is written.</param>
    /// <exception cref="UserMistakeException">A file cannot be written.</exception>
    public void Run(ImagePredictor predictor, int index, int of, Action<int, int, int> tell, CancellationToken cancellationToken)
    {
        for (long next = index; next < Parts; next += of) // which may be any number
        {
            var part = (int)next;
            cancellationToken.ThrowIfCancellationRequested();
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"part-{part:D6}{format.Extension}"));
            if (File.Exists(path))
                continue;
            ImageRow[] rows = [.. images.Skip(part * partSize).Take(partSize)];
            var scored = Score(predictor, rows, cancellationToken);
            // Two workers with the same number write the same bytes.
            Guarded(() =>
            {
                RequireOwn();
                OutputFile.Replace(path, file => format.Write(file, predictor.ClassNames, scored));
            });
            tell(part, Parts, scored.Count(row => row.Error is not null));
        }
    }

    [GeneratedRegex(@"^part-\d{6,}\.(csv|parquet)$")]
    private static partial Regex PartName();

    private string MarkPath => Path.Combine(folder, MarkName);

    // A file of this name may be somebody's own.
    private void RequireMark()
    {
        if (File.Exists(MarkPath) && File.ReadLines(MarkPath).Zip(_mark.Split('\n')).Any(
            line => line.First.Split(' ')[0] != line.Second.Split(' ')[0]))
        {
            throw new UserMistakeException(
                $"The folder '{folder}' holds a '{MarkName}' of something else than scoring, which would be lost. Name another folder with "
                + "--output, or move the file.");
        }
    }

    // Also of a job that began in the same folder before this one had written anything.
    private void RequireOwn()
    {
        if (!File.Exists(MarkPath))
        {
            throw new UserMistakeException(
                $"The folder '{folder}' holds results, but no '{MarkName}' that says of which model and images. Name another folder with "
                + "--output, or delete these files.");
        }

        if (File.ReadAllText(MarkPath) != _mark)
        {
            throw new UserMistakeException(
                $"The folder '{folder}' holds results of another job: another model, other images, another --part-size or another "
                + "format. Name another folder with --output, or delete it.");
        }
    }

    // One broken file must not cost the others; looking for it costs nothing where there is none.
    private List<ScoredImage> Score(ImagePredictor predictor, ImageRow[] rows, CancellationToken cancellationToken)
    {
        try
        {
            var scores = Stoppable(predictor.Scores(rows), cancellationToken);
            return [.. rows.Zip(scores, (row, score) => new ScoredImage(row.ImagePath, score, Error: null))];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var faults = rows.AsParallel().AsOrdered().WithCancellation(cancellationToken)
                .Select(row => ImageFile.Fault(row.ImagePath)).ToList();
            if (faults.TrueForAll(fault => fault is null))
                throw;
            if (!rows.Concat(images).Any(image => File.Exists(image.ImagePath)))
            {
                // A disk that is not there: in the results it would stay for ever what may be mended in a minute.
                var all = images.Count == 1 ? string.Empty : $"None of the {images.Count:N0} images is there. ";
                throw new UserMistakeException(all + faults[0], exception);
            }

            ImageRow[] readable = [.. rows.Where((_, place) => faults[place] is null)];
            var scores = new Queue<float[]>(readable.Length > 0 ? Stoppable(predictor.Scores(readable), cancellationToken) : []);
            return [.. rows.Select((row, place) => new ScoredImage(
                row.ImagePath, faults[place] is null ? scores.Dequeue() : null, faults[place]))];
        }
    }

    // A part of thousands of photos takes minutes, which a scheduler that ends a job does not wait.
    private static IEnumerable<float[]> Stoppable(IEnumerable<float[]> scores, CancellationToken cancellationToken)
    {
        foreach (var score in scores)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return score;
        }
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The results cannot be written to '{folder}': {exception.Message}", exception);
        }
    }

    private string Mark(string modelHash)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var image in images)
            hash.AppendData(Encoding.UTF8.GetBytes(image.ImagePath + "\n"));
        return $"model {modelHash}\n"
            + $"images {Convert.ToHexStringLower(hash.GetHashAndReset())}\npart-size {partSize}\nformat {format.Extension}\n";
    }
}

/// <summary>An image and what the model says of it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Score">The probability of each class; <see langword="null"/> where it cannot be read.</param>
/// <param name="Error">Why it cannot be read.</param>
internal sealed record ScoredImage(string Path, float[]? Score, string? Error)
{
    /// <summary>Gets the place of the most likely class; <see langword="null"/> where the image cannot be read.</summary>
    public int? Best => Score is null ? null : Array.IndexOf(Score, Score.Max());
}
