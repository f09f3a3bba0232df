namespace NullaProp.ML.Plan;

/// <summary>What a backend holds of each row while it walks a plan: K numbers in every register.</summary>
internal enum Register
{
    /// <summary>q at the start of the step.</summary>
    State,

    /// <summary>q at which the network is evaluated next.</summary>
    Point,

    /// <summary>What the evaluation predicts.</summary>
    Prediction,

    /// <summary>What the evaluation before predicted.</summary>
    Previous,

    /// <summary>q of a clean label, or of a last state, that is read out on the way.</summary>
    Guess,

    /// <summary>What the read-out says: R·z + r, then probabilities.</summary>
    Readout,

    /// <summary>The weighted sum of class probabilities over all evaluations so far.</summary>
    Score,

    /// <summary>The same of the present start alone.</summary>
    OwnScore,
}

/// <summary>Registers, and the arithmetic that a step takes.</summary>
internal interface IPlanRegisters
{
    /// <summary>Sets a register to a multiple of another one.</summary>
    /// <param name="target">The register.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="source">The other one.</param>
    void Scale(Register target, double factor, Register source);

    /// <summary>Adds a multiple of a register to another one, which <see cref="Scale"/> set or which is a score.</summary>
    /// <param name="target">The register.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="source">The other one.</param>
    void Add(Register target, double factor, Register source);

    /// <summary>Copies a register.</summary>
    /// <param name="source">The register.</param>
    /// <param name="target">The one that becomes the same.</param>
    void Copy(Register source, Register target);
}

/// <summary>
/// The arithmetic of scoring: what <see cref="PlanInterpreter"/> needs of managed memory, of libtorch, or of whoever writes a plan down.
/// </summary>
internal interface IPlanBackend : IPlanRegisters
{
    /// <summary>Gets a value indicating whether a row is still on its way.</summary>
    bool AnyLeft { get; }

    /// <summary>Gets a value indicating whether somebody asks for the class that each start gives.</summary>
    bool CountsVotes { get; }

    /// <summary>Goes to a start: state, point and the start's own score are 0.</summary>
    /// <param name="start">Which, from 0.</param>
    void Begin(int start);

    /// <summary>Sets <see cref="Register.Prediction"/> to the network's logits at <see cref="Register.Point"/>.</summary>
    /// <param name="stage">The number of the stage, for its block and constants.</param>
    void Evaluate(int stage);

    /// <summary>Turns logits into probabilities.</summary>
    /// <param name="values">The register.</param>
    void SoftMax(Register values);

    /// <summary>Turns estimates of probabilities into probabilities: each raised to a floor, all divided by their sum.</summary>
    /// <param name="values">The register.</param>
    /// <param name="floor">The floor, above 0.</param>
    void Normalise(Register values, double floor);

    /// <summary>Sets <see cref="Register.Readout"/> to R·z + r, before its link.</summary>
    /// <param name="state">The register with q.</param>
    /// <param name="point">Whose constants count: the number of a stage, or the number of stages for the state after the last.</param>
    void ReadOut(Register state, int point);

    /// <summary>Finds the rows whose best score is ahead of the next.</summary>
    /// <param name="lead">By more than this.</param>
    /// <returns>Whether there are any.</returns>
    bool DecideByScore(double lead);

    /// <summary>
    /// Finds the rows in whose <see cref="Register.Readout"/> no class can overtake the best where q moves by probability vectors.
    /// </summary>
    /// <param name="bound">The sum of their weights.</param>
    /// <returns>Whether there are any.</returns>
    bool DecideByState(double bound);

    /// <summary>Lets the rows go that were found last.</summary>
    /// <param name="scores">The register with their scores.</param>
    /// <param name="divisor">What the scores are divided by.</param>
    void Leave(Register scores, double divisor);

    /// <summary>Writes down the best class by the present start's own score.</summary>
    /// <param name="start">Which start it is.</param>
    void Vote(int start);

    /// <summary>Ends the way of all rows that are left.</summary>
    /// <param name="divisor">What their scores are divided by.</param>
    void Finish(double divisor);
}
