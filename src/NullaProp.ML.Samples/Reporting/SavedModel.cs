using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The file of a model that took long to train: where it is wanted, or else where there is room.</summary>
/// <param name="Path">The file.</param>
/// <param name="Elsewhere">A sentence on where it is, if that is a place that nobody named.</param>
internal sealed record SavedModel(string Path, string? Elsewhere)
{
    /// <summary>
    /// Saves a model. Where that cannot be, who sits at the terminal names another folder, and if nobody does it is one for temporary
    /// files: a training of hours is better kept there than lost.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="UserMistakeException">It cannot be written there either.</exception>
    public static SavedModel Save(string path, Action<string> write)
    {
        for (var target = path; ;)
        {
            try
            {
                write(target == path ? path : OutputFile.At(target, OutputKind.Model).Path);
                return new(target, null);
            }
            catch (Exception fault) when (IsOfFiles(fault))
            {
                CommandExecution.PrintError($"The model cannot be saved in '{FolderOf(target)}': {fault.Message} It is kept in memory.");
                if (TerminalQuestion.Ask("Another folder to save it in:") is not { } folder)
                    return SaveAside(path, write);
                target = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(path));
            }
        }
    }

    /// <summary>Does what follows the saving, and says where the model is if that fails.</summary>
    /// <param name="lacking">What is lacking then, as <c>but not its charts</c>.</param>
    /// <param name="follow">What follows.</param>
    /// <exception cref="UserMistakeException">A file cannot be written or read.</exception>
    public T Then<T>(string lacking, Func<T> follow)
    {
        try
        {
            return follow();
        }
        catch (Exception fault) when (IsOfFiles(fault))
        {
            throw new UserMistakeException($"The model is saved as '{Path}', {lacking}: {fault.Message}", fault);
        }
    }

    /// <summary>Ends the command with a mistake where the model is not in a place that somebody named.</summary>
    /// <exception cref="UserMistakeException">It is not.</exception>
    public void RequireNamedPlace()
    {
        if (Elsewhere is not null)
            throw new UserMistakeException(Elsewhere);
    }

    private static SavedModel SaveAside(string path, Action<string> write)
    {
        var temporary = System.IO.Path.GetTempPath();
        try
        {
            temporary = Directory.CreateTempSubdirectory("nullaprop-train-").FullName;
            var aside = System.IO.Path.Combine(temporary, System.IO.Path.GetFileName(path));
            write(aside);
            return new(
                aside, $"The model is not in '{FolderOf(path)}' but in '{temporary}'. Move it, for that is for temporary files.");
        }
        catch (Exception fault) when (IsOfFiles(fault))
        {
            throw new UserMistakeException(
                $"The model cannot be saved in '{temporary}' either, and is lost: {fault.Message}", fault);
        }
    }

    private static string FolderOf(string path) => System.IO.Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";

    private static bool IsOfFiles(Exception fault) => fault is IOException or UnauthorizedAccessException or UserMistakeException;
}
