using Microsoft.ML;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Interop;
using NullaProp.ML.Networks;
using NullaProp.ML.Storage;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML;

/// <content>The training of a part of a pretrained network, which follows that of what is new.</content>
internal sealed partial class TrainingSession
{
    // A second training, of a part of the pretrained network too.
    private (Denoiser Network, TrainingLoop Loop) FineTuned(
        Denoiser frozen,
        TrainingLoop before,
        FrozenTrunk trunk,
        IDataView input,
        (TrainingData Data, IReadOnlyList<long> Rows) seen,
        TrainingMonitor monitor,
        Lazy<TrainingFingerprint> fingerprint)
    {
        try
        {
            var isOfStage = Tuning == FineTuning.LastStage;
            var (shape, device) = (isOfStage ? PretrainedBackbone.StageShape : PretrainedBackbone.Shape, Device());
            log.Information($"The pretrained network is trained further: {Tuning}, from the model so far.");
            using var loader = Loader(monitor.Pace!, isOfStage ? Features(shape, trunk.MapsBelowLastStage) : null);
            if (LoadAgain(loader, input, monitor.Pace!, seen) is not { } data)
            {
                return (frozen, before);
            }

            var checkpoints = SecondCheckpoints;
            using var kept = checkpoints is null ? null : Open(checkpoints);
            var (tuned, loop) = NetworkTraining.Run(
                Tries(), data, () => FrozenTrunk.Upper(frozen, options, shape, device),
                isOfStage ? upper => trunk.Under(upper, options) : static whole => whole,
                monitor with
                {
                    States = kept is null ? null : States(kept, checkpoints!, fingerprint.Value),
                    KeepsBestOrStart = options.FineTuning == FineTuning.Automatic,
                    Epochs = (options.Epochs, 0),
                });
            if (loop.Fault is { } fault)
            {
                log.Warning(fault);
            }

            if (options.FineTuning == FineTuning.Automatic && !_isCancelled)
            {
                log.Information(EpochReport.Kept(loop.IsStartBest, loop.StartLogLoss, loop.LowestLogLoss));
            }

            frozen.Dispose();
            return (tuned, loop);
        }
        catch (OperationCanceledException) when (run.WhenCancelled != WhenCancelled.Throw)
        {
            TellBefore(frozen);
            return (frozen, before);
        }
        catch
        {
            frozen.Dispose();
            throw;
        }
    }

    private void TellBefore(Denoiser frozen)
    {
        try
        {
            TellEndedEarly("Training was cancelled before the pretrained network was trained further, and gives the model before that.");
        }
        catch
        {
            frozen.Dispose(); // who listens failed, and nobody gets it
            throw;
        }
    }

    // The second training takes long after the first, and its checkpoints may be of another one.
    private void CheckSecond(Lazy<TrainingFingerprint> fingerprint)
    {
        if (Tuning != FineTuning.Frozen && SecondCheckpoints is { } second && Directory.Exists(second.Folder))
        {
            using var later = Open(second);
            States(later, second, fingerprint.Value).Check();
        }
    }

    // Those of every earlier second training, however it tuned.
    private void ForgetSecond(Lazy<TrainingFingerprint> fingerprint)
    {
        foreach (var tuning in Enum.GetValues<FineTuning>())
        {
            if (OfSecond(tuning) is { } second && Directory.Exists(second.Folder))
            {
                using var later = Open(second);
                States(later, second, fingerprint.Value).Forget();
            }
        }
    }

    // Data that can be read once alone, or is another each time, must not train in silence. A training that is only tried leaves the model
    // of before; so it does where the maps of many photos find no room on the disk.
    private TrainingData? LoadAgain(
        ImageLoader loader, IDataView input, ProgressPace pace, (TrainingData Data, IReadOnlyList<long> Rows) seen)
    {
        try
        {
            var data = Load(loader, input, PretrainedBackbone.Shape, pace, totals => Compare(totals.Rows, seen.Rows, "training"));
            Compare([data.Validation?.Count ?? 0], [seen.Data.Validation?.Count ?? 0], "validation");
            RequireSame(data.Training.Hash(), seen.Data.Training.Hash(), "training");
            RequireSame(data.Validation?.Hash(), seen.Data.Validation?.Hash(), "validation");
            return data with { TrainingStreams = seen.Data.TrainingStreams.After("the first training") };
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException)
        {
            var sentence = fault is IOException
                ? fault.Message
                : $"Data is read again to train the pretrained network further, and is not what it was: {fault.Message} Save it first, or "
                    + "load it into a list.";
            if (options.FineTuning != FineTuning.Automatic)
            {
                throw UserFault.Of<Exception>(
                    fault is IOException ? new IOException(sentence, fault) : new InvalidOperationException(sentence, fault));
            }

            log.Warning($"The pretrained network could not be trained further, and the model is that of before: {sentence}");
            return null;
        }

        static void Compare(IReadOnlyList<long> now, IReadOnlyList<long> before, string name)
        {
            if (!now.SequenceEqual(before))
            {
                throw new InvalidOperationException($"The {name} data had {before.Sum()} rows, and now {now.Sum()}, or others.");
            }
        }

        static void RequireSame(string? now, string? before, string name)
        {
            if (now != before)
            {
                throw new InvalidOperationException($"The {name} data has as many rows as before, but other ones, or in another order.");
            }
        }
    }
}
