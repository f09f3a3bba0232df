using System.Reflection;
using TorchSharp;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>
/// What must hold of every fault: the type, the telling words, the mark that ML.NET gives its own, and no tensor left behind.
/// </summary>
internal static class Fault
{
    public static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    /// <summary>Does something that must fail and returns the exception that says why.</summary>
    public static T Of<T>(Action act, params string[] words)
        where T : Exception
    {
        var fault = Caused<T>(act, words);
        Assert.Contains("ML_IsMarked", fault.Data.Keys.Cast<string>(), $"not marked: {fault.Message}");
        return fault;
    }

    /// <summary>Does something that must fail somewhere inside ML.NET and returns the cause that is ours.</summary>
    public static T Caused<T>(Action act, params string[] words)
        where T : Exception
    {
        var before = LiveTensors;

        var thrown = Assert.Throws<Exception>(act);

        var causes = Causes(thrown).ToList();
        var cause = causes
            .OfType<T>()
            .FirstOrDefault(
                cause => cause.GetType() == typeof(T) && words.All(word => cause.Message.Contains(word, StringComparison.Ordinal)));
        Assert.IsNotNull(
            cause,
            $"no {typeof(T).Name} with '{string.Join("', '", words)}' "
                + $"among:\n{string.Join("\n", causes.Select(cause => $"{cause.GetType().Name}: {cause.Message}"))}");
        Assert.AreEqual(before, LiveTensors, "tensors were left behind");
        return cause;
    }

    /// <summary>
    /// Fails where a file was refused with an exception that docs/reliability.md does not name, or with one of ours that is no marked
    /// FormatException; returns whether it is ours, and not what ML.NET found. ML.NET makes transformers by reflection and wraps what they
    /// throw twice: what is inside is judged.
    /// </summary>
    public static bool IsOurs(Exception refusal, string about)
    {
        var found = Causes(refusal).LastOrDefault(cause => cause is TargetInvocationException)?.InnerException ?? refusal;
        Assert.IsTrue(
            found is FormatException or InvalidOperationException or IOException or InvalidDataException
                or ArgumentException or NotSupportedException or OverflowException,
            $"{about}: {refusal}");
        Assert.IsNotEmpty(found.Message);
        if (found.TargetSite?.Module.Assembly != typeof(NoPropModelFile).Assembly)
        {
            return false;
        }

        Assert.AreEqual(typeof(FormatException), found.GetType(), $"{about}: {refusal}");
        Assert.Contains("ML_IsMarked", found.Data.Keys.Cast<string>(), $"{about} is not marked: {found.Message}");
        return true;
    }

    public static IEnumerable<Exception> Causes(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
