using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// While it lives, the process-wide generator runs from a state of ours; then it goes on where it stood. For layers of TorchSharp, which
/// draw from no other.
/// </summary>
internal sealed class SharedRandomness : IDisposable
{
    private static readonly Lock Turn = new();

    private readonly Generator _shared;
    private readonly Tensor _before;

    /// <summary>Waits for its turn and sets the state.</summary>
    /// <param name="source">What the state is drawn from; <see langword="null"/> where it does not matter.</param>
    public SharedRandomness(RandomStream? source)
    {
        using var scope = NewDisposeScope();
        using var ours = source is null ? null : new Generator(source.Word64());
        Turn.Enter();
        try
        {
            _shared = Generator.Default;
            _before = _shared.get_state().DetachFromDisposeScope();
            if (ours is not null)
            {
                _shared.set_state(ours.get_state());
            }
        }
        catch
        {
            _before?.Dispose();
            Turn.Exit();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _shared.set_state(_before);
            _before.Dispose();
        }
        finally
        {
            Turn.Exit();
        }
    }
}
