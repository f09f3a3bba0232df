using System.Reflection;
using Microsoft.ML;

namespace NullaProp.ML.Tests.Support;

/// <summary>Stops a context as Microsoft.ML.Experimental and AutoML do; ML.NET keeps the method to itself.</summary>
internal static class Cancelling
{
    public static void CancelExecution(this MLContext context) =>
        typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(context, null);
}
