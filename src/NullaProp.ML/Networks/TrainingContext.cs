using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A place in a training, handed to networks and losses: where random numbers come from, and what works otherwise than in scoring, such as
/// dropout and batch normalisation.
/// </summary>
/// <param name="Streams">The streams of the training.</param>
/// <param name="Scope">What the names of this pass's streams start with.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Step">The step in the epoch, from 0.</param>
/// <param name="Precision">The numbers in which the image network computes; its weights are of single precision all the same.</param>
internal sealed record TrainingContext(RandomStreams Streams, string Scope, int Epoch, int Step, ScalarType Precision = ScalarType.Float32)
{
    /// <summary>Returns the stream of one who draws in this step.</summary>
    /// <param name="name">Who draws, such as <c>noise</c>; used once a step.</param>
    public RandomStream Stream(string name) => Streams.Of($"{Scope}/{name}", Epoch, Step);

    /// <summary>Returns standard normal noise.</summary>
    /// <param name="name">Who draws; used once a step.</param>
    /// <param name="labels">What the noise is for, (B, D).</param>
    public Tensor Noise(string name, CleanLabels labels) => Stream(name).Normal(labels.Shape, ScalarType.Float32).to(labels.Device);
}

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
