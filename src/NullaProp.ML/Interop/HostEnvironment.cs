using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>What ML.NET keeps to itself about an <c>MLContext</c>: its seed, its choice of device, its cancellation.</summary>
internal static class HostEnvironment
{
    /// <summary>Returns the environment behind <c>mlContext.MulticlassClassification.Trainers</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    public static IHostEnvironment Of(MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog) =>
        CatalogUtils.GetEnvironment(catalog);

    /// <summary>Returns the environment behind <c>mlContext.Data</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    public static IHostEnvironment Of(DataOperationsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>Returns the environment behind <c>mlContext.Transforms</c>.</summary>
    /// <param name="catalog">The catalog.</param>
    public static IHostEnvironment Of(TransformsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>Returns the seed of the context, or <see langword="null"/> where it has none.</summary>
    /// <param name="environment">The environment.</param>
    public static int? Seed(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.Seed;

    /// <summary>Returns the number of the GPU asked for, or <see langword="null"/> for the CPU.</summary>
    /// <param name="environment">The environment.</param>
    public static int? GpuDeviceId(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.GpuDeviceId;

    /// <summary>Returns whether the CPU may stand in for a GPU that is not there.</summary>
    /// <param name="environment">The environment.</param>
    public static bool FallsBackToCpu(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.FallbackToCpu ?? false;

    /// <summary>Throws when the context's execution was cancelled.</summary>
    /// <param name="environment">The environment.</param>
    /// <exception cref="OperationCanceledException">It was.</exception>
    public static void CheckAlive(IHostEnvironment environment) => Contracts.CheckAlive(environment);
}
