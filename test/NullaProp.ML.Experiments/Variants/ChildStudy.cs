using NullaProp.ML.ChildProcesses;
using Spectre.Console;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>Runs what a file of results does not hold yet, each in a child process, and writes the file after each.</summary>
/// <param name="command">The command of this program that runs one and prints its rows.</param>
/// <param name="setting">What all have in common.</param>
/// <param name="file">The file of results.</param>
internal sealed class ChildStudy<TRow>(string command, StudySetting setting, ResultFile<TRow> file)
    where TRow : IStudyRow
{
    /// <summary>Runs those of the names that are still to be run. One that fails says so itself and does not stop the others.</summary>
    /// <returns>
    /// The names that failed, with the exit code: one that the system ends, for want of memory say, cannot speak for itself.
    /// </returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public IReadOnlyList<string> Run(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var failed = new List<string>();
        foreach (var name in names.Where(name => !file.Rows.Any(row => row.Name == name && setting.IsOf(row))))
        {
            AnsiConsole.WriteLine(
                $"{name}: {setting.TrainRows:N0} training images, epochs: {setting.Epochs}, seed {setting.Seed}, "
                + $"threads: {setting.Threads}");
            var rows = new List<string>();
            var exitCode = ChildProcess.Run(
                [command, name, .. setting.Arguments], Take, setting.Threads, cancellationToken: cancellationToken);
            if (exitCode == 0)
                file.AddLines(rows);
            else
                failed.Add($"{name} (exit code {exitCode})");

            // Results are lines that are JSON objects; everything else is for the reader.
            void Take(string line)
            {
                if (line.StartsWith('{'))
                    rows.Add(line);
                else
                    AnsiConsole.WriteLine(line);
            }
        }

        return failed;
    }
}
