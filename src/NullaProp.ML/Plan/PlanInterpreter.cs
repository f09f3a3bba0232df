namespace NullaProp.ML.Plan;

/// <summary>
/// Walks a plan. The walk is written here once; a backend supplies the arithmetic: managed memory for a single row, libtorch for a batch.
/// What follows the image through the plan is q of z = r + q·W, K numbers a row, in the backend's registers; r is in the backend's
/// constants.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="starts">The number of starts, whose scores are averaged, 1 or more.</param>
internal sealed class PlanInterpreter(SamplingPlan plan, int starts)
{
    private readonly SamplingStage[] _stages = [.. plan.Stages];
    private readonly double?[] _sharesLeft = [.. plan.SharesLeft()];
    private readonly StateInfluence?[] _influences = [.. StateInfluence.Of(plan)];

    /// <summary>Scores the rows of a backend.</summary>
    /// <param name="backend">The backend, with its rows at the start of their way.</param>
    public void Run(IPlanBackend backend)
    {
        for (var start = 0; start < starts && backend.AnyLeft; start++)
        {
            backend.Begin(start);
            Follow(backend, start);
            if (backend.CountsVotes)
            {
                backend.Vote(start);
            }
        }

        backend.Finish(starts);
    }

    /// <summary>Goes from the state at the start of a step to the stage's next point; the state stays.</summary>
    /// <param name="registers">Where state, point and predictions are.</param>
    /// <param name="stage">The stage.</param>
    public static void Step(IPlanRegisters registers, in SamplingStage stage)
    {
        registers.Scale(Register.Point, stage.State, Register.State);
        registers.Add(Register.Point, stage.Prediction, Register.Prediction);
        if (stage.PreviousPrediction != 0)
        {
            registers.Add(Register.Point, stage.PreviousPrediction, Register.Previous);
        }
    }

    /// <summary>
    /// Makes the point that a stage led to the state, where it ends a step, and the stage's prediction the previous one.
    /// </summary>
    /// <param name="registers">Where state, point and predictions are.</param>
    /// <param name="stage">The stage.</param>
    public static void Arrive(IPlanRegisters registers, in SamplingStage stage)
    {
        registers.Copy(Register.Prediction, Register.Previous);
        if (stage.EndsStep)
        {
            registers.Copy(Register.Point, Register.State);
        }
    }

    // One way from a start.
    private void Follow(IPlanBackend backend, int start)
    {
        for (var i = 0; i < _stages.Length; i++)
        {
            backend.Evaluate(i);
            Score(backend, i);
            if (!LeaveByScore(backend, i, start))
            {
                return;
            }

            Step(backend, _stages[i]);
            Arrive(backend, _stages[i]);
            if (!LeaveByState(backend, i))
            {
                return;
            }
        }

        if (plan.StateShare > 0)
        {
            ReadOut(backend, Register.Point, _stages.Length);
            AddToScore(backend, Register.Readout, plan.StateShare);
        }
    }

    // What the evaluation says of the class: by itself, or by the clean label that a velocity stands for.
    private void Score(IPlanBackend backend, int index)
    {
        var stage = _stages[index];
        if (plan.Predicts == NetworkPrediction.CleanLabel)
        {
            backend.SoftMax(Register.Prediction);
            if (stage.ScoreShare != 0)
            {
                AddToScore(backend, Register.Prediction, stage.ScoreShare);
            }
        }
        else if (stage.ScoreShare != 0)
        {
            backend.Scale(Register.Guess, stage.CleanLabel.State, Register.Point);
            backend.Add(Register.Guess, stage.CleanLabel.Prediction, Register.Prediction);
            ReadOut(backend, Register.Guess, index);
            AddToScore(backend, Register.Readout, stage.ScoreShare);
        }
    }

    // Lets the rows go whose best class is further ahead than all that is left to add; returns whether others stay.
    private bool LeaveByScore(IPlanBackend backend, int index, int start)
    {
        if (_sharesLeft[index] + starts - start - 1 is { } left and > 0 && backend.DecideByScore(left))
        {
            backend.Leave(Register.Score, starts - left);
        }

        return backend.AnyLeft;
    }

    // Lets the rows go for which nothing that is left of the way can change the class of its last state. Their score is that of the
    // prediction held.
    private bool LeaveByState(IPlanBackend backend, int index)
    {
        if (starts == 1 && _influences[index] is { } left)
        {
            backend.Scale(Register.Guess, left.State, Register.State);
            backend.Add(Register.Guess, left.Prediction, Register.Prediction);
            backend.ReadOut(Register.Guess, _stages.Length);
            if (backend.DecideByState(left.Bound))
            {
                backend.Add(Register.Guess, left.Left, Register.Prediction);
                ReadOut(backend, Register.Guess, _stages.Length);
                backend.Leave(Register.Readout, divisor: 1);
            }
        }

        return backend.AnyLeft;
    }

    private void ReadOut(IPlanBackend backend, Register state, int point)
    {
        backend.ReadOut(state, point);
        if (plan.Link.Floor is { } floor)
        {
            backend.Normalise(Register.Readout, floor);
        }
        else
        {
            backend.SoftMax(Register.Readout);
        }
    }

    // To the score of all starts and, where it is asked for, to that of this one.
    private static void AddToScore(IPlanBackend backend, Register probabilities, double share)
    {
        backend.Add(Register.Score, share, probabilities);
        if (backend.CountsVotes)
        {
            backend.Add(Register.OwnScore, share, probabilities);
        }
    }
}
