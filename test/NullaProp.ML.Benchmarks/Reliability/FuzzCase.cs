using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.ML;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>A file to change, and what its model does.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Scores">What it scores.</param>
/// <param name="BytesToLoad">The managed memory that checking and loading it ask for, what is garbage at once included.</param>
/// <param name="BytesToScore">The same of scoring, the weights' forms for fast loops included.</param>
/// <param name="Milliseconds">How long checking, loading and scoring takes.</param>
internal sealed record GoodModel(byte[] Bytes, float[] Scores, long BytesToLoad, long BytesToScore, double Milliseconds)
{
    /// <summary>Loads a file and scores with it, twice: the first time code is compiled.</summary>
    /// <param name="context">Loads it.</param>
    /// <param name="path">The file.</param>
    public static GoodModel Of(MLContext context, string path)
    {
        var (first, second) = (Once(context, path), Once(context, path));
        return second with { Milliseconds = Math.Min(first.Milliseconds, second.Milliseconds) };
    }

    private static GoodModel Once(MLContext context, string path)
    {
        var watch = Stopwatch.StartNew();
        var start = GC.GetAllocatedBytesForCurrentThread();
        NoPropModelFile.Check(path);
        var model = context.Model.Load(path, out _);
        using var owner = model as IDisposable;
        var loaded = GC.GetAllocatedBytesForCurrentThread();
        var scores = SmallModels.Scores(context, model);
        var scored = GC.GetAllocatedBytesForCurrentThread();
        return new(File.ReadAllBytes(path), scores, loaded - start, scored - loaded, watch.Elapsed.TotalMilliseconds);
    }
}

/// <summary>What became of one changed file.</summary>
/// <param name="Number">The number of the case.</param>
/// <param name="Milliseconds">How long checking, loading and scoring took, beyond four times what they take of the good file.</param>
/// <param name="AllocatedOverTwiceTheFile">
/// Managed memory that checking, loading and scoring asked for, in bytes beyond twice the file's, or beyond what checking and loading the
/// good file ask for where that is more, and beyond what scoring by it does.
/// </param>
/// <param name="Mutation">What was done to the file.</param>
/// <param name="Outcome">What came of it.</param>
internal sealed record FuzzCase(int Number, double Milliseconds, long AllocatedOverTwiceTheFile, string Mutation, string Outcome)
{
    public const string Accepted = "accepted with the same scores";
    public const string OtherScores = "accepted with other scores";
    public const string OtherModel = "accepted as another model with right hashes";
    public const string Unscorable = "accepted, and refuses to score, for what no hash covers is another";
    public const string Unexpected = "threw what is not documented: ";

    private const double MostMilliseconds = 2000;
    private const double TimesOfGood = 4; // besides, what the good file takes: a large one is read, hashed and unpacked
    private const long MostBytes = 64 << 20;
    private const int TurnsBetweenLarge = 25; // of the largest model, which takes a hundred times as long

    /// <summary>
    /// Loads a changed file and scores with it. What takes long is done again and the shorter time taken: the machine may have been busy.
    /// </summary>
    /// <param name="context">Loads it.</param>
    /// <param name="number">The number of the case.</param>
    /// <param name="models">The good files, the largest last.</param>
    /// <param name="path">Where to put the file.</param>
    public static FuzzCase Run(MLContext context, int number, IReadOnlyList<GoodModel> models, string path)
    {
        var good = models[ModelOf(number, models.Count)];
        var mutated = Mutated([.. models.Select(model => model.Bytes)], number);
        File.WriteAllBytes(path, mutated.Bytes);
        var first = Try(context, number, mutated, good, path);
        var second = first.Milliseconds > MostMilliseconds ? Try(context, number, mutated, good, path) : first;
        return first with { Milliseconds = Math.Min(first.Milliseconds, second.Milliseconds) };
    }

    /// <summary>Returns the changed file of a case.</summary>
    /// <param name="models">The good files, the largest last.</param>
    /// <param name="number">The number of the case.</param>
    public static MutatedModel Mutated(IReadOnlyList<byte[]> models, int number)
    {
        var model = ModelOf(number, models.Count);
        return MutatedModel.Of(models[model], models[(model + 1) % models.Count], number);
    }

    // Every change of one model, then every change of the next.
    private static int ModelOf(int number, int count)
    {
        var turn = number / MutatedModel.Kinds;
        return turn % TurnsBetweenLarge == 0 ? count - 1 : turn % (count - 1);
    }

    private static FuzzCase Try(MLContext context, int number, MutatedModel mutated, GoodModel good, string path)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var outcome = Check(context, path) ?? Load(context, mutated, good.Scores, path);
        var usual = good.BytesToScore + Math.Max(2L * mutated.Bytes.Length, good.BytesToLoad);
        var most = GC.GetAllocatedBytesForCurrentThread() - before - usual;
        var milliseconds = watch.Elapsed.TotalMilliseconds - (TimesOfGood * good.Milliseconds);
        return new(number, Math.Max(0, milliseconds), most, mutated.Name, outcome);
    }

    /// <summary>Reads a case from the line of another process.</summary>
    public static FuzzCase Parse(string line)
    {
        var parts = line.Split('\t');
        return new(
            int.Parse(parts[0], CultureInfo.InvariantCulture),
            double.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture),
            parts[3],
            parts[4]);
    }

    /// <summary>Returns the line.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Number}\t{Milliseconds:0.0}\t{AllocatedOverTwiceTheFile}\t{Mutation}\t{Outcome}");

    /// <summary>Returns which promise fell, or <see langword="null"/>.</summary>
    public string? Fault() => Outcome == OtherScores || Outcome.Contains(Unexpected, StringComparison.Ordinal) ? Outcome
        : Milliseconds > MostMilliseconds ? $"took {Milliseconds:0} ms"
        : AllocatedOverTwiceTheFile > MostBytes ? $"took {AllocatedOverTwiceTheFile:#,0} bytes beyond twice the file"
        : null;

    // Null where it finds nothing.
    private static string? Check(MLContext context, string path)
    {
        try
        {
            NoPropModelFile.Check(path);
            return null;
        }
        catch (FormatException fault) when (fault.Message.Contains("would read without end", StringComparison.Ordinal))
        {
            return "refused by Check, and not loaded, for ML.NET would not come back";
        }
        catch (FormatException)
        {
            return "refused by Check with a FormatException" + $", by Load {LoadIsRefused(context, path)}";
        }
        catch (Exception fault)
        {
            return $"{Unexpected}Check, {Of(fault)}";
        }
    }

    // What Load does with a file that Check refused: it may not accept it.
    private static string LoadIsRefused(MLContext context, string path)
    {
        try
        {
            using var model = context.Model.Load(path, out _) as IDisposable;
            return Unexpected + "it was loaded";
        }
        catch (Exception fault)
        {
            return IsDocumented(fault) ? "as documented" : $"{Unexpected}{Of(fault)}";
        }
    }

    private static string Load(MLContext context, MutatedModel mutated, float[] scores, string path)
    {
        ITransformer model;
        try
        {
            model = context.Model.Load(path, out _);
        }
        catch (Exception fault)
        {
            return IsDocumented(fault) ? "passed by Check, refused by ML.NET's Load" : $"{Unexpected}Load, {Of(fault)}";
        }

        using var owner = model as IDisposable;
        return Score(context, model, mutated, scores);
    }

    // By itself: what scoring throws says nothing of a file that was refused.
    private static string Score(MLContext context, ITransformer model, MutatedModel mutated, float[] scores)
    {
        try
        {
            return SmallModels.Scores(context, model).AsSpan().SequenceEqual(scores) ? Accepted
                : mutated.IsSealed ? OtherModel
                : OtherScores;
        }
        catch (Exception fault)
            when ((mutated.IsSealed || mutated.IsOthers) && fault is ArgumentException or InvalidOperationException)
        {
            return Unscorable;
        }
        catch (Exception fault)
        {
            return $"{Unexpected}scoring, {Of(fault)}";
        }
    }

    // docs/reliability.md.
    private static bool IsDocumented(Exception fault) => Found(fault) is FormatException or InvalidOperationException or IOException
        or InvalidDataException or ArgumentException or NotSupportedException or OverflowException;

    private static string Of(Exception fault)
    {
        var found = Found(fault);
        return $"{found.GetType().Name}: {found.Message.ReplaceLineEndings(" ").Replace('\t', ' ')}";
    }

    // ML.NET makes transformers by reflection and wraps what they throw twice: whatever it was, an InvalidOperationException is outside.
    private static Exception Found(Exception fault)
    {
        var found = fault;
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            found = cause is TargetInvocationException { InnerException: { } inner } ? inner : found;
        }

        return found;
    }
}
