using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Turns images into features. It sees neither the noisy label nor the time, so that scoring calls it once an image.</summary>
internal abstract class Backbone
{
    /// <summary>Gets the last layer where the network ends in a linear one.</summary>
    public abstract Linear? Output { get; }

    /// <summary>Returns what <see cref="Output"/> reads, or the features themselves where there is none.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    public abstract Tensor Maps(Tensor images, TrainingContext? training); // (B, F)

    /// <summary>
    /// Returns the layers by which the network scores, its last one included, in managed memory; <see langword="null"/> where only
    /// libtorch can compute it.
    /// </summary>
    public virtual IReadOnlyList<BackboneLayer>? Layers() => null;

    /// <summary>Returns the features of images.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    /// <returns>(B, H), of single precision.</returns>
    public Tensor Features(Tensor images, TrainingContext? training = null)
    {
        var maps = Maps(images.to(Precision(training)), training); // (B, F)
        return (Output is { } output ? output.Forward(maps) : maps).to(ScalarType.Float32); // (B, H)
    }

    /// <summary>Returns the numbers in which this network computes.</summary>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    protected virtual ScalarType Precision(TrainingContext? training) => training?.Precision ?? ScalarType.Float32;
}
