using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// While it lives, the process-wide generator runs from a state of ours; then it goes on where it stood. For layers of TorchSharp, which draw their first weights from
/// no other.
/// </summary>
internal sealed class SharedRandomness : IDisposable
{
    private static readonly Lock Turn = new();

    private readonly Generator _shared = Generator.Default;
    private readonly Tensor _before;

    /// <summary>Waits for its turn and sets the state.</summary>
    /// <param name="source">What the state is drawn from; <see langword="null"/> where it does not matter.</param>
    public SharedRandomness(Generator? source)
    {
        Turn.Enter();
        _before = _shared.get_state().DetachFromDisposeScope();
        if (source is not null)
        {
            using var scope = NewDisposeScope();
            using var ours = new Generator((ulong)randint(int.MaxValue, [1], ScalarType.Int64, generator: source).item<long>());
            _shared.set_state(ours.get_state());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shared.set_state(_before);
        _before.Dispose();
        Turn.Exit();
    }
}
