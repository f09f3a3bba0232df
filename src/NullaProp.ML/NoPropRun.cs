using Microsoft.Extensions.Logging;
using Microsoft.ML;

namespace NullaProp.ML;

/// <summary>
/// Who takes part in a training: who hears of it, what it is watched on, who may stop it, where it is kept. Given to the trainer, so that
/// it has
/// them inside a pipeline too, or to one <see cref="NoPropTrainer.Fit(IDataView, NoPropRun)"/>. Nothing of it is stored in the model.
/// </summary>
public sealed record NoPropRun
{
    /// <summary>Gets who hears what <c>MLContext.Log</c> hears: data, device, every epoch, warnings.</summary>
    /// <value>Default <see langword="null"/>: nobody else.</value>
    public ILogger? Logger { get; init; }

    /// <summary>Gets who hears of every epoch.</summary>
    /// <value>Default <see langword="null"/>: nobody.</value>
    public IProgress<EpochMetrics>? Progress { get; init; }

    /// <summary>
    /// Gets labelled data to measure each epoch on, and to stop by where <see cref="NoPropOptions.EarlyStoppingPatience"/> is set. It has
    /// the columns that the trainer
    /// reads: inside a pipeline, those that the steps before the trainer have made.
    /// </summary>
    /// <value>Default <see langword="null"/>: epochs are measured on training rows alone.</value>
    public IDataView? Validation { get; init; }

    /// <summary>
    /// Gets the model to train further, on the same data or on other data of the same classes: copies of its parameters and of its scaling
    /// of pixels, which the
    /// parameters depend on. It stays as it is. The optimizer and the learning rate's schedule start anew. Take <c>previous.Model.Options
    /// with { … }</c> as options.
    /// </summary>
    /// <value>Default <see langword="null"/>: training starts from drawn parameters.</value>
    public NoPropTransformer? Previous { get; init; }

    /// <summary>
    /// Gets the number of threads that libtorch computes with on the CPU while this training runs, 1 or more. The setting is one of the
    /// whole process: other work of libtorch meanwhile has it, too, and after the last training it is what it was.
    /// </summary>
    /// <remarks>
    /// The threads of libtorch wait for each other in busy loops. Where other programs want the same processors, all wait for one that has
    /// none, and a training on two threads may take several times as long as on one: set 1 there, or start the process with
    /// OMP_WAIT_POLICY=PASSIVE. With another number of threads sums are taken in another order, and a model comes out a little different.
    /// </remarks>
    /// <value>
    /// Default <see langword="null"/>: as many as libtorch chooses, which is OMP_NUM_THREADS or the number of cores, but no more than the
    /// processors that the process may use by its affinity and its container's quota, of which libtorch knows nothing.
    /// </value>
    public int? Threads { get; init; }

    /// <summary>
    /// Gets where the training keeps its state, to go on from there after the end of its process: in the same program, started again.
    /// </summary>
    /// <value>Default <see langword="null"/>: nowhere.</value>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>
    /// Gets what stops the training, at the end of the step under way. With <see cref="Checkpoints"/> its state is saved then. What
    /// follows,
    /// <see cref="WhenCancelled"/> says; cancelling the <c>MLContext</c> does the same.
    /// </summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Gets what a training that is cancelled gives.</summary>
    /// <value>Default <see cref="WhenCancelled.Throw"/>.</value>
    public WhenCancelled WhenCancelled { get; init; }
}

/// <summary>What a training that is cancelled gives.</summary>
public enum WhenCancelled
{
    /// <summary><see cref="OperationCanceledException"/>, and no model.</summary>
    Throw,

    /// <summary>
    /// The model so far: of the best epoch where there is early stopping and an epoch is over, else of the last step. Before the first
    /// step, or
    /// where a weight is not a finite number, <see cref="OperationCanceledException"/> all the same.
    /// </summary>
    ReturnBest,
}
