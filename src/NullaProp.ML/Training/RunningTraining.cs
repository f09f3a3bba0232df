using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>A training under way: its place, and what the next step depends on. Can be left and taken up between any two steps.</summary>
internal sealed class RunningTraining : IDisposable
{
    private const int Terms = 3; // of the loss

    private readonly Denoiser _model;
    private readonly TrainingPasses _passes;
    private readonly BestWeights _best;
    private readonly int _stepsPerPass;

    /// <summary>Begins a training.</summary>
    /// <param name="model">The model; its weights are changed in place.</param>
    /// <param name="passes">The passes of an epoch; owned from here on.</param>
    /// <param name="best">Early stopping; owned from here on.</param>
    /// <param name="stepsPerPass">The steps of a pass.</param>
    public RunningTraining(Denoiser model, TrainingPasses passes, BestWeights best, int stepsPerPass)
    {
        using var scope = NewDisposeScope();
        (_model, _passes, _best, _stepsPerPass) = (model, passes, best, stepsPerPass);
        var steps = (long)passes.Passes.Count * stepsPerPass;
        History = zeros([steps, Terms], dtype: ScalarType.Float32, device: model.Weights.Device).DetachFromDisposeScope();
    }

    /// <summary>Gets where the training stands.</summary>
    public TrainingPlace Place { get; private set; }

    /// <summary>Gets the passes of an epoch.</summary>
    public IReadOnlyList<TrainingPass> Passes => _passes.Passes;

    /// <summary>Gets early stopping.</summary>
    public BestWeights Best => _best;

    /// <summary>
    /// Gets the loss terms of this epoch's steps, (passes · steps, 3), on the model's device: read once an epoch, so that no step waits for
    /// it.
    /// </summary>
    public Tensor History { get; }

    /// <summary>Gets how many steps of this epoch are taken, in all passes.</summary>
    public int StepsTaken => (Place.Pass * _stepsPerPass) + Place.Step;

    /// <summary>Takes note of a step.</summary>
    /// <param name="terms">Its loss terms, (3).</param>
    public void AddStep(Tensor terms)
    {
        History.select(0, StepsTaken).copy_(terms);
        Place = Place.Step + 1 < _stepsPerPass ? Place with { Step = Place.Step + 1 } : new(Place.Epoch, Place.Pass + 1, 0);
    }

    /// <summary>Takes note of the end of an epoch.</summary>
    public void EndEpoch() => Place = new(Place.Epoch + 1, 0, 0);

    /// <summary>Returns the training as it stands.</summary>
    /// <param name="elapsed">The time that it took so far.</param>
    public TrainingState State(TimeSpan elapsed)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var moments = _passes.State();
        var tensors = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        Add(TrainingState.Weights, _model.Weights.All.Select(weight => KeyValuePair.Create(weight.Key, weight.Value.Host())));
        Add(TrainingState.First, moments.Select(moment => KeyValuePair.Create(moment.Key, moment.Value.First)));
        Add(TrainingState.Second, moments.Select(moment => KeyValuePair.Create(moment.Key, moment.Value.Second)));
        Add(TrainingState.Best, _best.Copies());
        Add(TrainingState.Modules, Modules.SelectMany(module => module.State.All()));
        if (StepsTaken > 0)
        {
            tensors.Add(TrainingState.History, HostTensor.Of(History.narrow(0, 0, StepsTaken)));
        }

        var steps = moments.ToDictionary(moment => moment.Key, moment => moment.Value.Steps);
        return new TrainingState(Place, elapsed, _best.Lowest, _best.Waited, steps, tensors);

        void Add(string prefix, IEnumerable<KeyValuePair<string, HostTensor>> values)
        {
            foreach (var (name, value) in values)
            {
                tensors.Add(prefix + name, value);
            }
        }
    }

    /// <summary>Goes on from where a training of the same data, options and seed stood. Called before the first step.</summary>
    /// <param name="state">How it stood.</param>
    /// <exception cref="InvalidOperationException">It was of another module of the user's.</exception>
    public void GoOnFrom(TrainingState state)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var weights = state.Under(TrainingState.Weights);
        Require(_model.Weights.Difference(weights)); // options decide those of every network but a user's own
        foreach (var (name, value) in weights)
        {
            _model.Weights.Take(name, value);
        }

        foreach (var module in Modules)
        {
            Require(module.State.Take(state.Under(TrainingState.Modules)));
        }

        var (first, second) = (state.Under(TrainingState.First), state.Under(TrainingState.Second));
        _passes.Restore(state.Moments.ToDictionary(
            moment => moment.Key,
            moment => new WeightMoments(first[moment.Key], second[moment.Key], moment.Value)));
        _best.GoOnFrom(state.Lowest, state.Waited, state.Under(TrainingState.Best));
        Place = state.Place;
        if (state.Tensors.TryGetValue(TrainingState.History, out var history))
        {
            History.narrow(0, 0, history.Rows).copy_(history.ToTensor());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        History.Dispose();
        _best.Dispose();
        _passes.Dispose();
    }

    private IEnumerable<CustomBackbone> Modules => _model.Blocks.Select(block => block.Backbone).OfType<CustomBackbone>();

    private static void Require(string? difference)
    {
        if (difference is not null)
        {
            throw new InvalidOperationException(
                $"The checkpoint is of another training: {difference} Give this training a folder of its own, or the module of before.");
        }
    }
}
