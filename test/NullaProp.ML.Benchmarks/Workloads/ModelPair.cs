namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>The two models that are measured, trained when first asked for.</summary>
/// <param name="images">The number of images to train on.</param>
internal sealed class ModelPair(int images) : IDisposable
{
    private readonly Lazy<TrainedModel> _seedLike = new(() => TrainedModel.Fit(SeedOptions, ImageTensors.Store(images)));
    private readonly Lazy<TrainedModel> _default = new(() => TrainedModel.Fit(DefaultOptions, ImageTensors.Store(images)));

    /// <summary>Gets the JAX reference's settings: D = 256, Heun T = 40 along its own dynamics, the last prediction, one draw.</summary>
    public static NoPropOptions SeedOptions { get; } = NoPropOptions.JaxReference with { Epochs = 1, Seed = 1 };

    /// <summary>Gets the library's defaults.</summary>
    public static NoPropOptions DefaultOptions { get; } = new() { Epochs = 1, Seed = 1 };

    /// <summary>Gets the model of the JAX reference's settings.</summary>
    public TrainedModel SeedLike => _seedLike.Value;

    /// <summary>Gets the model of the library's defaults.</summary>
    public TrainedModel Default => _default.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in new[] { _seedLike, _default }.Where(model => model.IsValueCreated))
        {
            model.Value.Dispose();
        }
    }
}
