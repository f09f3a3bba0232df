using System.CommandLine;
using System.Globalization;

namespace NullaProp.ML.Samples.Commands;

/// <summary>
/// The option <c>--index</c>, by which each of many workers knows its part of the work. Schedulers set it in the environment.
/// </summary>
internal sealed class WorkerIndex : Option<int?>
{
    private static readonly string[] Variables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

    /// <param name="part">What the number counts, at the beginning of a sentence.</param>
    public WorkerIndex(string part) : base("--index") =>
        Description = $"{part}, from 0. Without it, the number in {string.Join(" or ", Variables)}, which schedulers set.";

    /// <exception cref="UserMistakeException">No number is given, or it is none.</exception>
    public int Of(ParseResult arguments) => arguments.GetValue(this) ?? OfEnvironment();

    /// <summary>Returns which variable of a scheduler numbers this process; <see langword="null"/> where none does.</summary>
    public static string? OfScheduler() =>
        Array.Find(Variables, name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    private static int OfEnvironment()
    {
        if (OfScheduler() is { } name)
        {
            var text = Environment.GetEnvironmentVariable(name);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? index
                : throw new UserMistakeException($"{name} is '{text}', but must be a whole number from 0.");
        }

        throw new UserMistakeException(
            $"No part of the work is named: give --index, or start the command where {string.Join(" or ", Variables)} is set.");
    }
}
