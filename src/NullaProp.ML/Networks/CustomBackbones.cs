using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The modules of users, by name. The one state that the whole process shares: ML.NET's loader hands a model nothing but its file.
/// </summary>
/// <threadsafety>All members may be used from several threads at once.</threadsafety>
internal static class CustomBackbones
{
    private static readonly ConcurrentDictionary<string, Func<ImageShape, nn.Module<Tensor, Tensor>>> ByName = new(StringComparer.Ordinal);

    /// <summary>Keeps the way to make a module, in place of an earlier one of the same name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="create">Makes the module for a size of images.</param>
    public static void Register(string name, Func<ImageShape, nn.Module<Tensor, Tensor>> create) => ByName[name] = create;

    /// <summary>Returns the way to make a module.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidOperationException">Nobody registered the name.</exception>
    public static Func<ImageShape, nn.Module<Tensor, Tensor>> Find(string name) => ByName.TryGetValue(name, out var create)
        ? create
        : throw new InvalidOperationException(
            $"The backbone '{name}' is not registered in this process, but a model with {nameof(NoPropOptions.Backbone)} "
            + $"{NoPropBackbone.Custom} needs it. Call NoPropBackbones.Register(\"{name}\", shape => …) before loading, with the module "
            + "that the model was trained with, or before training, or give the trainer its own: Trainers.NoProp(options, shape => …).");
}
