using Microsoft.Extensions.Logging;
using Microsoft.ML;

namespace NullaProp.ML;

/// <summary>
/// Who takes part in a training: who hears of it, what it is watched on, who may stop it, where it is kept. Given to the trainer, so that
/// it has them inside a pipeline too, or to one <see cref="NoPropTrainer.Fit(IDataView, NoPropRun)"/>. Nothing of it is stored in the
/// model.
/// </summary>
public sealed record NoPropRun
{
    /// <summary>Gets who hears what <c>MLContext.Log</c> hears: data, device, every epoch, warnings.</summary>
    /// <value>Default <see langword="null"/>: nobody else.</value>
    public ILogger? Logger { get; init; }

    /// <summary>
    /// Gets who hears how far the training is: at the end of every epoch, and within epochs and while rows are read at most once a second.
    /// It is told in the thread of the training, which goes on when it returns.
    /// </summary>
    /// <value>Default <see langword="null"/>: nobody.</value>
    public IProgress<NoPropProgress>? Progress { get; init; }

    /// <summary>
    /// Gets labelled data to measure each epoch on, and to stop by where <see cref="NoPropOptions.EarlyStoppingPatience"/> is set. It has
    /// the columns that the trainer reads: inside a pipeline, those that the steps before the trainer have made.
    /// </summary>
    /// <value>Default <see langword="null"/>: epochs are measured on training rows alone.</value>
    public IDataView? Validation { get; init; }

    /// <summary>
    /// Gets the model to train further, on the same data or on other data of the same classes: copies of its parameters and of its scaling
    /// of pixels, which the parameters depend on. It stays as it is. The optimizer and the learning rate's schedule start anew. Take
    /// <c>previous.Model.Options with { … }</c> as options.
    /// </summary>
    /// <value>Default <see langword="null"/>: training starts from drawn parameters.</value>
    public NoPropTransformer? Previous { get; init; }

    /// <summary>
    /// Gets the number of threads that libtorch computes with on the CPU while this training runs, 1 or more. The setting is one of the
    /// whole process: other work of libtorch meanwhile has it, too, and after the last training it is what it was. A thread that calls
    /// libtorch for the first time meanwhile keeps it. Trainings that run at once want the same number.
    /// </summary>
    /// <remarks>
    /// Where other programs want the same processors, threads wait for one that has none. On Linux they do so in busy loops for some
    /// microseconds only and sleep then, unless OMP_WAIT_POLICY or GOMP_SPINCOUNT say otherwise or libtorch was loaded before
    /// (docs/photos.md); elsewhere set 1 on a busy machine. With another number of threads sums are taken in another order, and a model
    /// comes out a little different.
    /// </remarks>
    /// <value>
    /// From 1 to 1,024. Default <see langword="null"/>: as many as libtorch chooses, which is OMP_NUM_THREADS or the number of cores, but
    /// no more than the processors that the process may use by its affinity and its container's quota, of which libtorch knows nothing.
    /// <c>Fit</c> refuses another number.
    /// </value>
    public int? Threads { get; init; }

    /// <summary>
    /// Gets where the training keeps its state, to go on from there after the end of its process: in the same program, started again.
    /// </summary>
    /// <value>Default <see langword="null"/>: nowhere.</value>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>
    /// Gets what stops the training, at the end of the step under way. With <see cref="Checkpoints"/> its state is saved then. What
    /// follows, <see cref="WhenCancelled"/> says; cancelling the <c>MLContext</c> does the same.
    /// </summary>
    /// <value>Default <see cref="CancellationToken.None"/>.</value>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Gets what a training that is cancelled gives.</summary>
    /// <value>Default <see cref="WhenCancelled.Throw"/>.</value>
    public WhenCancelled WhenCancelled { get; init; }

    /// <summary>
    /// Gets what is called, in the thread of the training, where one that is cancelled gives its model so far
    /// (<see cref="WhenCancelled"/>). It is not called where <see cref="CancellationToken"/> is cancelled so late that no step is left:
    /// then the model is whole.
    /// </summary>
    /// <value>Default <see langword="null"/>: the log alone says it.</value>
    public Action? EndedEarly { get; init; }
}

/// <summary>What a training that is cancelled gives.</summary>
public enum WhenCancelled
{
    /// <summary><see cref="OperationCanceledException"/>, and no model.</summary>
    Throw,

    /// <summary>
    /// The model of the epoch with the lowest validation log-loss where there is <see cref="NoPropRun.Validation"/> and an epoch is over,
    /// else of the last step. Before the first step, or where a weight is not a finite number or trained ends of the noise schedule have
    /// crossed, <see cref="OperationCanceledException"/> all the same. Epochs count since this <c>Fit</c> began or went on from a
    /// checkpoint; of a pretrained network that is trained further because <see cref="NoPropOptions.FineTuning"/> names how, those of that
    /// second training.
    /// </summary>
    ReturnBest,

    /// <summary>
    /// The model of the last step, whatever the validation data says: for data that shall choose nothing. Otherwise as
    /// <see cref="ReturnBest"/>.
    /// </summary>
    ReturnLast,
}

/// <summary>How far a training is.</summary>
public sealed record NoPropProgress
{
    /// <summary>Gets the number of the epoch under way, or just over, from 1; 0 while rows are read, before the first.</summary>
    public required int Epoch { get; init; }

    /// <summary>
    /// Gets the number of epochs asked for, and twice as many where a pretrained network is trained further; early stopping may end before
    /// it.
    /// </summary>
    public required int Epochs { get; init; }

    /// <summary>Gets how many steps of the epoch are taken; while <see cref="Epoch"/> is 0, how many rows are read.</summary>
    public required long Step { get; init; }

    /// <summary>
    /// Gets the number of steps in an epoch, in discrete time those of all blocks; while <see cref="Epoch"/> is 0, the number of rows, or
    /// <see langword="null"/> where the data does not tell it.
    /// </summary>
    public required long? Steps { get; init; }

    /// <summary>Gets the time since <c>Fit</c> was called.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Gets the time until the last epoch is over, or until the rows are read, if it goes on at the same pace; <see langword="null"/> where
    /// nothing is known yet.
    /// </summary>
    public required TimeSpan? TimeLeft { get; init; }

    /// <summary>Gets what the epoch gave that is just over; <see langword="null"/> within an epoch.</summary>
    public EpochMetrics? Metrics { get; init; }
}
