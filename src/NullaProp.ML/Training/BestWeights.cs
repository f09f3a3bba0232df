using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Keeps a copy of the weights of the epoch with the lowest validation log-loss, and says when to stop waiting for a lower one.
/// </summary>
/// <param name="weights">The weights in training.</param>
/// <param name="patience">Epochs without improvement after which to stop, 1 or more.</param>
internal sealed class BestWeights(Weights weights, int patience) : IDisposable
{
    private readonly List<Tensor> _copies = [];

    /// <summary>Gets the lowest log-loss so far; infinite before the first.</summary>
    public double Lowest { get; private set; } = double.PositiveInfinity;

    /// <summary>Gets the number of epochs since then.</summary>
    public int Waited { get; private set; }

    /// <summary>Gets a value indicating whether the patience is at its end.</summary>
    public bool IsOver => Waited >= patience;

    /// <summary>Takes note of an epoch.</summary>
    /// <param name="validationLogLoss">Its log-loss on the validation data.</param>
    public void Add(double validationLogLoss)
    {
        if (validationLogLoss < Lowest)
        {
            (Lowest, Waited) = (validationLogLoss, 0);
            Keep(weights.Values.Select(weight => weight.Value.clone()));
        }
        else
        {
            Waited++;
        }
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

    /// <summary>Returns the best epoch's weights in managed memory, by name; none before the first epoch.</summary>
    public IEnumerable<KeyValuePair<string, HostTensor>> Copies() =>
        weights.Values.Zip(_copies, (weight, copy) => KeyValuePair.Create(weight.Key, HostTensor.Of(copy)));

    /// <summary>Goes on from where another one stood.</summary>
    /// <param name="lowest">Its lowest log-loss.</param>
    /// <param name="waited">Its number of epochs since then.</param>
    /// <param name="copies">Its <see cref="Copies"/>.</param>
    public void GoOnFrom(double lowest, int waited, IReadOnlyDictionary<string, HostTensor> copies)
    {
        (Lowest, Waited) = (lowest, waited);
        Keep(copies.Count == 0 ? [] : weights.Values.Select(weight => copies[weight.Key].ToTensor().to(weights.Device)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _copies.ForEach(copy => copy.Dispose());
        _copies.Clear();
    }

    private void Keep(IEnumerable<Tensor> copies)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Dispose();
        _copies.AddRange(copies.Select(copy => copy.DetachFromDisposeScope()));
    }
}
