using static TorchSharp.torch;

namespace NullaProp.ML.Benchmarks.StraightPort;

/// <summary>
/// The reference's scoring: dz/dt = (û − z)/(1 − ᾱ) by Heun's method in T equal steps, then one more evaluation at t = 1.
/// </summary>
internal static class PortHeun
{
    /// <summary>Returns class probabilities, (B, K); the caller disposes of them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">Normalised images, (B, 1, 28, 28).</param>
    /// <param name="start">z₀, (1, D), the same for every image; the JAX reference draws one per image.</param>
    /// <param name="steps">T.</param>
    public static Tensor Probabilities(PortModel model, Tensor images, Tensor start, int steps)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var count = images.shape[0];
        var h = 1.0 / steps;
        var z = start.expand(count, -1).contiguous(); // (B, D)
        for (var step = 0; step < steps; step++)
        {
            using var stepScope = NewDisposeScope();
            var from = full(count, 1, step * h, dtype: ScalarType.Float32); // (B, 1)
            var to = full(count, 1, (step + 1) * h, dtype: ScalarType.Float32); // (B, 1)
            var first = Slope(model, images, z, from); // (B, D)
            var second = Slope(model, images, z + (h * first), to); // (B, D)
            z = (z + (h / 2 * (first + second))).MoveToOuterDisposeScope(); // (B, D)
        }

        var logits = model.forward(images, z, ones(count, 1)); // (B, K)
        return nn.functional.softmax(logits, 1).MoveToOuterDisposeScope(); // (B, K)
    }

    private static Tensor Slope(PortModel model, Tensor images, Tensor z, Tensor time)
    {
        var prediction = nn.functional.softmax(model.forward(images, z, time), 1).mm(model.Embedding); // û, (B, D)
        return (prediction - z) / (1 - model.Schedule.forward(time)); // (B, D)
    }
}
