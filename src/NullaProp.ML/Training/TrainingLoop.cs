using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Trains a model: epochs, steps, validation, early stopping.</summary>
/// <param name="model">The model; its weights are changed in place.</param>
/// <param name="options">The options.</param>
/// <param name="data">The images to train on, at least one.</param>
/// <param name="monitor">Who hears of the epochs and may stop the training.</param>
internal sealed class TrainingLoop(Denoiser model, NoPropOptions options, TrainingData data, TrainingMonitor monitor)
{
    /// <summary>The most training rows whose accuracy is measured after an epoch.</summary>
    private const int SampleRows = 1000;

    private readonly ImageAugmentation _augmentation = new(options.Augmentation);
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly int _stepsPerEpoch = (int)(((long)data.Training.Count + options.BatchSize - 1) / options.BatchSize);
    private readonly bool _stopsEarly = options.EarlyStoppingPatience > 0 && data.Validation is not null;
    private readonly bool _returnsBest = monitor.WhenCancelled == WhenCancelled.ReturnBest && data.Validation is not null;
    private readonly int _epochs = monitor.Epochs.Before + options.Epochs + monitor.Epochs.After; // of all trainings of this Fit
    private TimeSpan _before; // the time that earlier processes took

    /// <summary>Gets the points from which the trained model scores.</summary>
    public HostTensor Starts { get; } =
        PriorDraws.Of(options.Sampling.Draws, model.Embedding.Dimension, data.Streams, PlanCompiler.For(model, options).StoredNoises);

    /// <summary>Gets the validation log-loss before the first epoch, where it counts and no earlier process measured it.</summary>
    public double? StartLogLoss { get; private set; }

    /// <summary>
    /// Gets the lowest validation log-loss, that before the first epoch included where it counts; infinite where none counts.
    /// </summary>
    public double LowestLogLoss { get; private set; } = double.PositiveInfinity;

    /// <summary>Gets a value indicating whether the weights from before the first epoch count, and no epoch has better ones.</summary>
    public bool IsStartBest { get; private set; }

    /// <summary>Gets what ended a training that was only tried, where a number became NaN or infinite.</summary>
    public string? Fault { get; private set; }

    private TimeSpan Elapsed => _before + _watch.Elapsed;

    /// <summary>Runs the whole training, or what an earlier process left of it.</summary>
    /// <exception cref="InvalidOperationException">The loss became NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, and its model so far is not wanted.</exception>
    public void Run()
    {
        using var mode = enable_grad();
        var best = new BestWeights(model.Weights, _stopsEarly ? options.EarlyStoppingPatience : int.MaxValue);
        using var training = new RunningTraining(model, options.Variant.Passes(model, options, data.TrainingStreams), best, _stepsPerEpoch);
        if (monitor.States?.Newest() is { } state)
        {
            training.GoOnFrom(state);
            _before = state.Elapsed;
            if (training.Place.Epoch >= options.Epochs)
            {
                monitor.Inform?.Invoke($"All {options.Epochs} epochs were done before: the model is that of the checkpoint.");
            }
        }

        try
        {
            var steps = (long)_stepsPerEpoch * training.Passes.Count;
            monitor.Pace?.BeginTraining(steps, ((monitor.Epochs.Before + training.Place.Epoch) * steps) + training.StepsTaken);
            if (monitor.KeepsBestOrStart && training.Place == default && double.IsPositiveInfinity(best.Lowest)) // or it was measured
            {
                var start = Evaluate();
                StartLogLoss = Unscorable(start, epoch: 0) is { } fault
                    ? throw new InvalidOperationException(fault)
                    : start.Validation!.Value.LogLoss;
                best.Add(StartLogLoss.Value);
            }

            RunEpochs(training);
            if (_stopsEarly || monitor.KeepsBestOrStart)
            {
                best.Restore();
            }

            if (_stopsEarly && !monitor.KeepsBestOrStart)
            {
                var epoch = monitor.Epochs.Before + training.Place.Epoch;
                monitor.Inform?.Invoke(EpochReport.BestGiven(epoch, epoch - best.Waited, _epochs, best.IsOver, best.Lowest));
            }
        }
        catch (OperationCanceledException)
        {
            var unsaved = LastSave(training);
            if (unsaved is not null && monitor.WhenCancelled == WhenCancelled.Throw)
            {
                unsaved.Throw();
            }

            if (unsaved is not null)
            {
                monitor.Warn?.Invoke($"No checkpoint of the cancelled training could be written: {unsaved.SourceException.Message}");
            }

            if (!TryEndEarly(training))
            {
                throw;
            }
        }

        (LowestLogLoss, IsStartBest) = (best.Lowest, monitor.KeepsBestOrStart && best.Waited == training.Place.Epoch);
    }

    // What went wrong where a cancelled training keeps its state: the model is not lost with it.
    private ExceptionDispatchInfo? LastSave(RunningTraining training)
    {
        try
        {
            monitor.States?.Save(training.State(Elapsed));
            return null;
        }
        catch (IOException fault)
        {
            return ExceptionDispatchInfo.Capture(fault);
        }
    }

    // The model so far in place of an exception, if that is wanted and there is one.
    private bool TryEndEarly(RunningTraining training)
    {
        if (monitor.WhenCancelled == WhenCancelled.Throw || training.Place == default)
        {
            return false;
        }

        if (_returnsBest)
        {
            training.Best.Restore(); // nothing before the end of the first epoch
        }

        if (!model.Weights.AreFinite() || HasCrossedEnds)
        {
            return false;
        }

        var epoch = monitor.Epochs.Before + Math.Min(training.Place.Epoch + 1, options.Epochs);
        monitor.EndedEarly?.Invoke(epoch, _epochs, _returnsBest ? training.Best.Lowest : double.PositiveInfinity);
        return true;
    }

    private void RunEpochs(RunningTraining training)
    {
        var rate = new LearningRates(options, (long)_stepsPerEpoch * options.Epochs);
        while (training.Place.Epoch < options.Epochs && !training.Best.IsOver)
        {
            for (var pass = training.Place.Pass; pass < training.Passes.Count; pass++)
            {
                Train(training, training.Passes[pass], rate);
            }

            var epoch = training.Place.Epoch + 1;
            var fault = Divergence(training.History, epoch)
                ?? (HasCrossedEnds ? EpochReport.CrossedEnds(epoch, options.LearningRate) : null);
            var measured = fault is null && model.IsWhole ? Evaluate() : default;
            if ((fault ?? Unscorable(measured, epoch)) is { } found)
            {
                Fault = monitor.KeepsBestOrStart ? found : throw new InvalidOperationException(found);
                return;
            }

            var metrics = Metrics(epoch, MeanTerms(training.History), rate.At(((long)epoch * _stepsPerEpoch) - 1), measured);
            if (_stopsEarly || _returnsBest || monitor.KeepsBestOrStart)
            {
                training.Best.Add(metrics.ValidationLogLoss!.Value);
            }

            training.EndEpoch();
            monitor.Report(metrics);
            monitor.Pace?.EndEpoch(metrics);
            SaveIfDue(training);
        }
    }

    // One pass over the data, or what is left of it.
    private void Train(RunningTraining training, TrainingPass pass, LearningRates rate)
    {
        var (epoch, first) = (training.Place.Epoch, training.Place.Step);
        foreach (var (number, batch) in data.Training.Epoch(options.BatchSize, pass.Order(epoch), first).Index())
        {
            using var owned = batch;
            using var scope = NewDisposeScope();
            monitor.CheckAlive();
            var step = first + number;
            var onDevice = batch.To(model.Weights.Device);
            var at = pass.At(epoch, step);
            var augmented = onDevice with { Pixels = _augmentation.Apply(onDevice.Pixels, at) };
            training.AddStep(pass.Step(augmented, at, rate.At(((long)epoch * _stepsPerEpoch) + step)));
            monitor.Pace?.Step(monitor.Epochs.Before + epoch + 1, training.StepsTaken);
            SaveIfDue(training);
        }
    }

    private void SaveIfDue(RunningTraining training)
    {
        var isOver = training.Place.Epoch == options.Epochs || training.Best.IsOver;
        if (monitor.States is { } states && (states.IsDue(training.Place) || isOver))
        {
            states.Save(training.State(Elapsed));
        }
    }

    // The mean of each of the three terms over the rows of an epoch, of which the last step of a pass may have fewer.
    private float[] MeanTerms(Tensor history)
    {
        using var scope = NewDisposeScope();
        var last = data.Training.Count - ((_stepsPerEpoch - 1L) * options.BatchSize);
        var steps = history.view(-1, _stepsPerEpoch, history.shape[1]); // (passes, steps, 3)
        var whole = steps.narrow(1, 0, _stepsPerEpoch - 1).sum([1]).mul(options.BatchSize); // (passes, 3)
        var rows = whole.Plus(steps.select(1, _stepsPerEpoch - 1).mul(last)); // (passes, 3)
        return rows.mean([0]).div(data.Training.Count).cpu().data<float>().ToArray();
    }

    // What is wrong with an epoch whose numbers are not finite.
    private string? Divergence(Tensor history, int epoch)
    {
        using var scope = NewDisposeScope();
        var finite = history.isfinite().all(1).cpu().data<bool>().ToArray();
        var step = Array.IndexOf(finite, false);
        // the last step's loss is older than its weights
        var fault = step >= 0 ? "The loss" : model.Weights.AreFinite() ? null : "A weight";
        if (fault is null)
        {
            return null;
        }

        return Diverged(fault, epoch, step >= 0 ? (step % _stepsPerEpoch) + 1 : _stepsPerEpoch);
    }

    // Nothing else holds trained ends of a noise schedule apart, and no model whose schedule falls can be saved.
    private bool HasCrossedEnds =>
        model.Schedule.TrainsEnds && model.Schedule.Levels([0, 1]) is [var noise, var label] && !(noise.LogSnr < label.LogSnr);

    // What is wrong with a network that scores no numbers: its weights, or a row that it was not trained on.
    private string? Unscorable(Measured measured, int epoch) =>
        measured.Training?.Unscorable is not null
            ? PlanCompiler.For(model, options).Overflow(options.Sampling) ?? Diverged("A score", epoch, _stepsPerEpoch)
        : measured.Validation?.Unscorable is { } row ? EpochReport.Unscorable("validation", row)
        : null;

    private string Diverged(string what, int epoch, int step)
    {
        var choice = options.Variant.SteadierChoice is { Length: > 0 } other ? $", {other}" : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{what} became NaN or infinite in epoch {epoch} at step {step} of {_stepsPerEpoch}, so training was stopped. ")
            + LoneRow()
            + string.Create(CultureInfo.InvariantCulture, $"{nameof(options.LearningRate)} (now {options.LearningRate}){choice}, ")
            + $"or scale the {(data.Training.Shape.IsTable ? "values" : "pixels")} if they are huge.";
    }

    // Ours take the variance over the pixels, too, or over the epochs before.
    private string LoneRow() =>
        options.Backbone != NoPropBackbone.Custom || (options.BatchSize > 1 && data.Training.Count % options.BatchSize != 1) ? "Lower "
        : $"The last of {data.Training.Count} rows is a batch of its own: if the module divides by a batch's own deviation, as BatchNorm "
            + $"does, which one row does not have, choose another {nameof(options.BatchSize)} (now {options.BatchSize}). Else lower ";

    private EpochMetrics Metrics(int epoch, float[] terms, double learningRate, Measured measured) => new()
    {
        Epoch = monitor.Epochs.Before + epoch,
        Epochs = _epochs,
        TrainingLoss = (double)terms[0] + terms[1] + terms[2],
        DenoisingLoss = terms[0],
        PriorLoss = terms[1],
        ReadoutLoss = terms[2],
        TrainingAccuracy = measured.Training?.Accuracy,
        ValidationLogLoss = measured.Validation?.LogLoss,
        ValidationAccuracy = measured.Validation?.Accuracy,
        LearningRate = learningRate,
        EmbeddingNorm = model.Embedding.MeanNorm(),
        Elapsed = Elapsed,
    };

    private Measured Evaluate()
    {
        using var mode = no_grad();
        using var runner = new TorchRunner(model, PlanCompiler.For(model, options), Starts);
        var sample = data.Training.Sample;
        return new Measured(
            Evaluation.Of(runner.Probabilities, sample, sample.EvenRows(SampleRows)),
            data.Validation is null ? null : Evaluation.Of(runner.Probabilities, data.Validation));
    }

    // Of rows of the training data, and of the validation data.
    private readonly record struct Measured(Evaluation? Training, Evaluation? Validation);
}
