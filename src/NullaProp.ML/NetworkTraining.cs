using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML;

/// <summary>Trains a network from its first weights to its last, and frees it where that fails.</summary>
internal static class NetworkTraining
{
    /// <summary>Trains a network, and makes of it one of images.</summary>
    /// <param name="options">The options.</param>
    /// <param name="data">What it learns from.</param>
    /// <param name="first">Makes the network.</param>
    /// <param name="finish">Returns the network of images: another one, or the same.</param>
    /// <param name="monitor">Who hears of the epochs and may stop the training.</param>
    /// <returns>The network of images, which the caller disposes of, and how it was trained.</returns>
    public static (Denoiser Network, TrainingLoop Loop) Run(
        NoPropOptions options, TrainingData data, Func<Denoiser> first, Func<Denoiser, Denoiser> finish, TrainingMonitor monitor)
    {
        using var scope = NewDisposeScope();
        using var mode = inference_mode(false); // weights made in the caller's could not be trained
        Denoiser? network = null;
        try
        {
            network = first();
            TrainingChecks.Bounds(network, options);
            var loop = new TrainingLoop(network, FastBFloat16.Choose(options, network.Weights.Device), data, monitor);
            loop.Run();
            var whole = finish(network);
            if (whole != network)
            {
                network.Dispose();
            }

            return (whole, loop);
        }
        catch (Exception fault)
        {
            network?.Dispose();
            if (fault is InvalidOperationException)
            {
                UserFault.Of(fault);
            }

            throw;
        }
    }
}
