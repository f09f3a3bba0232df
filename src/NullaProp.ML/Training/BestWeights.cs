using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Keeps a copy of the weights of the epoch with the lowest validation log-loss, and says when to stop waiting for a lower one.</summary>
/// <param name="weights">The weights in training.</param>
/// <param name="patience">Epochs without improvement after which to stop, 1 or more.</param>
internal sealed class BestWeights(Weights weights, int patience) : IDisposable
{
    private readonly List<Tensor> _copies = [];
    private double _lowest = double.PositiveInfinity;
    private int _waited;

    /// <summary>Takes note of an epoch.</summary>
    /// <param name="validationLogLoss">Its log-loss on the validation data.</param>
    /// <returns>Whether training should go on.</returns>
    public bool GoesOnAfter(double validationLogLoss)
    {
        if (validationLogLoss < _lowest)
        {
            _lowest = validationLogLoss;
            _waited = 0;
            Copy();
            return true;
        }

        return ++_waited < patience;
    }

    /// <summary>Puts the best epoch's weights back.</summary>
    public void Restore()
    {
        using var mode = no_grad();
        foreach (var (weight, copy) in weights.Values.Zip(_copies))
        {
            weight.Value.copy_(copy);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _copies.ForEach(copy => copy.Dispose());
        _copies.Clear();
    }

    private void Copy()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Dispose();
        _copies.AddRange(weights.Values.Select(weight => weight.Value.clone().DetachFromDisposeScope()));
    }
}
