using System.Diagnostics;
using Microsoft.ML;
using Spectre.Console;

namespace NullaProp.ML.Experiments.Decisions;

/// <summary>
/// Trains the candidates for the defaults over several seeds and scores each in several ways, writing every figure to a file as it comes.
/// </summary>
/// <param name="dataFolder">The folder of the published IDX files.</param>
/// <param name="resultPath">The file of results; models that it already holds are not trained again.</param>
/// <param name="epochs">Passes over the 60,000 training images.</param>
internal sealed class DecisionStudy(string dataFolder, string resultPath, int epochs)
{
    // What was the default when the study began, but for the number of steps, which is one of the questions.
    private static readonly NoPropOptions Candidate = new()
    {
        Variant = new ContinuousTime { DenoisingLoss = DenoisingLoss.SquaredError, LogSnrAtLabel = 5 },
        Sampling = new() { SolverSteps = 5 },
    };

    private static readonly (string Name, NoPropOptions Options)[] Trainings =
    [
        ("cross-entropy baseline", new() { Variant = new CrossEntropyBaseline() }),
        ("first default", Candidate),
        ("SNR′ weight", Candidate with
        {
            Variant = ((ContinuousTime)Candidate.Variant) with { LossWeighting = LossWeighting.SnrDerivative },
        }),
        ("min(SNR′, 5) weight", Candidate with
        {
            Variant = ((ContinuousTime)Candidate.Variant) with
            {
                LossWeighting = LossWeighting.MinSnr,
                NoiseSchedule = NoiseScheduleKind.LinearLogSnr, // a trained one could pass where the weight is cut off
            },
        }),
        ("cross-entropy on logits", Candidate with
        {
            Variant = ((ContinuousTime)Candidate.Variant) with { DenoisingLoss = DenoisingLoss.CrossEntropy },
        }),
        ("straight schedule", Candidate with
        {
            Variant = ((ContinuousTime)Candidate.Variant) with { NoiseSchedule = NoiseScheduleKind.LinearLogSnr },
        }),
        ("unit-norm embeddings", Candidate with { Embedding = new() { Kind = EmbeddingKind.LearnedUnitNorm, Dimension = 256 } }),
        ("JaxReference preset, cosine rate", NoPropOptions.JaxReference with
        {
            LearningRateSchedule = LearningRateSchedule.Cosine,
            WarmupFraction = 0.1,
        }),
    ];

    // The second round: cross-entropy on the logits and a label encoder that starts silent, by where the schedule ends.
    private static readonly (string Name, NoPropOptions Options)[] SecondRound =
    [
        ("silent label, end at 5", new() { Variant = new ContinuousTime { LogSnrAtLabel = 5 } }),
        ("silent label, end at 1 (default)", new()),
        ("silent label, end at −1", new() { Variant = new ContinuousTime { LogSnrAtLabel = -1 } }),
    ];

    private readonly ResultFile<DecisionRow> _file = new(resultPath);

    /// <summary>Runs what the file of results does not hold yet.</summary>
    public void Run(int seeds, CancellationToken cancellationToken)
    {
        var mlContext = new MLContext();
        CheckOptions(mlContext);
        var training = LabelledPixels.Read(mlContext, dataFolder, "train");
        var test = LabelledPixels.Read(mlContext, dataFolder, "t10k");
        foreach (var seed in Enumerable.Range(0, seeds))
        {
            foreach (var (name, options) in Trainings.Concat(SecondRound))
            {
                if (_file.Rows.Any(row => (row.Training, row.Seed, row.Epochs) == (name, seed, epochs)))
                    continue;
                var watch = Stopwatch.StartNew();
                using var model = mlContext.MulticlassClassification.Trainers
                    .NoProp(options with { Epochs = epochs, Seed = seed })
                    .Fit(training, new NoPropRun { CancellationToken = cancellationToken });
                Score(name, seed, model, watch.Elapsed, test);
            }
        }
    }

    // A trainer refuses wrong options when it is made: now, and not after an hour.
    private static void CheckOptions(MLContext mlContext)
    {
        foreach (var (name, options) in Trainings.Concat(SecondRound))
        {
            foreach (var (_, change) in Scorings(name))
                _ = mlContext.MulticlassClassification.Trainers.NoProp(options with { Sampling = change(options.Sampling) });
        }
    }

    private static IEnumerable<(string Name, Func<Sampling, Sampling> Change)> Scorings(string training)
    {
        if (training == "cross-entropy baseline")
        {
            yield return ("one evaluation", sampling => sampling); // it has no other
            yield break;
        }

        yield return ("one evaluation", sampling => sampling with { ScoreReadout = ScoreReadout.FirstPrediction });
        yield return ("as trained", options => options);
        yield return ("last prediction", sampling => sampling with { ScoreReadout = ScoreReadout.LastPrediction });
        yield return ("8 draws", sampling => sampling with { Draws = 8 });
        yield return ("1 draw", sampling => sampling with { Draws = 1 });
        if (training != "first default")
        {
            yield break;
        }

        foreach (var steps in new[] { 2, 10, 40 })
        {
            yield return ($"Heun, {steps} steps", sampling => sampling with { SolverSteps = steps });
        }

        foreach (var steps in new[] { 2, 5, 10, 40 })
        {
            yield return ($"exponential Euler, {steps} steps",
                sampling => sampling with { Solver = OdeSolver.ExponentialEuler, SolverSteps = steps });
        }

        yield return ("Euler, 10 steps", sampling => sampling with { Solver = OdeSolver.Euler, SolverSteps = 10 });
        yield return ("last prediction, Heun, 40 steps",
            sampling => sampling with { ScoreReadout = ScoreReadout.LastPrediction, SolverSteps = 40 });
    }

    private void Score(string training, int seed, NoPropTransformer model, TimeSpan fitTime, IDataView test)
    {
        var diagnostics = model.Diagnose(test);
        var rows = new List<DecisionRow>();
        foreach (var (scoring, change) in Scorings(training))
        {
            using var scorer = model.WithSampling(change);
            var calibration = Calibration.Of(scorer.Transform(test));
            rows.Add(new DecisionRow
            {
                Training = training,
                Scoring = scoring,
                Seed = seed,
                TrainRows = 60_000,
                TestRows = diagnostics.Rows,
                Epochs = epochs,
                FitSeconds = fitTime.TotalSeconds,
                MicroAccuracy = calibration.MicroAccuracy,
                LogLoss = calibration.LogLoss,
                ExpectedCalibrationError = calibration.ExpectedCalibrationError,
                NoiseZMicroAccuracy = diagnostics.NoiseZMicroAccuracy,
                EmbeddingNorm = diagnostics.EmbeddingNorm,
            });
            AnsiConsole.WriteLine(
                $"{training}, {scoring}, seed {seed}: {calibration.MicroAccuracy:P2}, log-loss {calibration.LogLoss:F4}, "
                + $"calibration error {calibration.ExpectedCalibrationError:P2}");
        }

        _file.Add(rows);
    }
}
