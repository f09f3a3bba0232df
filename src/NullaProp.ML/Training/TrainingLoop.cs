using System.Diagnostics;
using System.Globalization;
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

    /// <summary>Gets the points from which the trained model scores.</summary>
    public HostTensor Starts { get; } =
        Start.Points(options.Sampling.Draws, model.Embedding.Dimension, data.Streams, PlanCompiler.For(model, options).NoiseCount);

    /// <summary>Runs the whole training.</summary>
    /// <exception cref="InvalidOperationException">The loss became NaN or infinite.</exception>
    public void Run()
    {
        using var mode = enable_grad();
        using var training = options.Variant.Passes(model, options, data.Streams);
        using var best = new BestWeights(model.Weights, Math.Max(1, options.EarlyStoppingPatience));
        var stopsEarly = options.EarlyStoppingPatience > 0 && data.Validation is not null;
        var rate = new LearningRates(options, (long)_stepsPerEpoch * options.Epochs);
        for (var epoch = 1; epoch <= options.Epochs; epoch++)
        {
            var terms = TrainEpoch(epoch, training, rate);
            var metrics = Measure(epoch, terms, rate.At(((long)epoch * _stepsPerEpoch) - 1));
            monitor.Report(metrics);
            if (stopsEarly && !best.GoesOnAfter(metrics.ValidationLogLoss!.Value))
            {
                break;
            }
        }

        if (stopsEarly)
        {
            best.Restore();
        }
    }

    // Each pass in an order of its own; returns the mean of the three loss terms.
    private float[] TrainEpoch(int epoch, TrainingPasses training, LearningRates rate)
    {
        using var scope = NewDisposeScope();
        var steps = (long)training.Passes.Count * _stepsPerEpoch;
        // Read once an epoch: no wait for the device at each step.
        var history = zeros(steps, 3, dtype: ScalarType.Float32, device: model.Weights.Device);
        for (var pass = 0; pass < training.Passes.Count; pass++)
        {
            Train(training.Passes[pass], epoch - 1, rate, history.narrow(0, (long)pass * _stepsPerEpoch, _stepsPerEpoch));
        }

        CheckFinite(history, epoch);
        return history.mean([0]).cpu().data<float>().ToArray();
    }

    // One pass over the data; writes the loss terms of each step. The epoch counts from 0.
    private void Train(TrainingPass pass, int epoch, LearningRates rate, Tensor history)
    {
        var stepsBefore = (long)epoch * _stepsPerEpoch;
        var step = 0;
        foreach (var batch in data.Training.Epoch(options.BatchSize, pass.Order(epoch)))
        {
            using var owned = batch;
            using var scope = NewDisposeScope();
            monitor.CheckAlive();
            var onDevice = batch.To(model.Weights.Device);
            var at = pass.At(epoch, step);
            var augmented = onDevice with { Pixels = _augmentation.Apply(onDevice.Pixels, at) };
            history.select(0, step).copy_(pass.Step(augmented, at, rate.At(stepsBefore + step)));
            step++;
        }
    }

    private void CheckFinite(Tensor history, int epoch)
    {
        var finite = history.isfinite().all(1).cpu().data<bool>().ToArray();
        var step = Array.IndexOf(finite, false);
        var fault = step >= 0 ? "The loss" : model.Weights.AreFinite() ? null : "A weight"; // the last step's loss is older than its weights
        if (fault is not null)
        {
            var number = step >= 0 ? (step % _stepsPerEpoch) + 1 : _stepsPerEpoch;
            var weighting = options.Variant is DiffusionVariant { LossWeighting: not LossWeighting.Uniform and var chosen }
                ? $", choose {nameof(LossWeighting)}.{nameof(LossWeighting.Uniform)} (now {chosen})"
                : string.Empty;
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{fault} became NaN or infinite in epoch {epoch} at step {number} of {_stepsPerEpoch}, so training was stopped. Lower ")
                + string.Create(CultureInfo.InvariantCulture, $"{nameof(options.LearningRate)} (now {options.LearningRate}){weighting}, ")
                + "or scale the pixels if they are huge.");
        }
    }

    private EpochMetrics Measure(int epoch, float[] terms, double learningRate)
    {
        using var mode = no_grad();
        using var runner = new TorchRunner(model, PlanCompiler.For(model, options), Starts);
        var sample = data.Training.Sample;
        Evaluation? validation = data.Validation is null ? null : Evaluation.Of(runner.Probabilities, data.Validation);
        return new EpochMetrics
        {
            Epoch = epoch,
            Epochs = options.Epochs,
            TrainingLoss = (double)terms[0] + terms[1] + terms[2],
            DenoisingLoss = terms[0],
            PriorLoss = terms[1],
            ReadoutLoss = terms[2],
            TrainingAccuracy = Evaluation.Of(runner.Probabilities, sample, sample.EvenRows(SampleRows)).Accuracy,
            ValidationLogLoss = validation?.LogLoss,
            ValidationAccuracy = validation?.Accuracy,
            LearningRate = learningRate,
            EmbeddingNorm = model.Embedding.MeanNorm(),
            Elapsed = _watch.Elapsed,
        };
    }
}
