using System.Reflection;

namespace NullaProp.ML;

/// <summary>Which options may be changed after training.</summary>
internal static class SamplingOptions
{
    /// <summary>Gets their names, for messages.</summary>
    public static string Names { get; } = string.Join(
        ", ",
        nameof(NoPropOptions.Dynamics),
        nameof(NoPropOptions.Solver),
        nameof(NoPropOptions.SolverSteps),
        nameof(NoPropOptions.SolverTolerance),
        nameof(NoPropOptions.ScoreReadout),
        nameof(NoPropOptions.ReadoutMaxLogSnr),
        nameof(NoPropOptions.EarlyExit),
        nameof(NoPropOptions.Draws),
        "and column names");

    /// <summary>Returns the names of the options in which two sets differ and that may not be changed after training.</summary>
    /// <param name="changed">The changed options.</param>
    /// <param name="trained">The options trained with.</param>
    public static IReadOnlyList<string> Forbidden(NoPropOptions changed, NoPropOptions trained)
    {
        var allowed = Copy(from: changed, to: trained);
        return
        [
            .. typeof(NoPropOptions).GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(option => !Equals(option.GetValue(changed), option.GetValue(allowed)))
                .Select(option => option.Name),
        ];
    }

    /// <summary>Returns options with these of others.</summary>
    /// <param name="from">Where these come from.</param>
    /// <param name="to">Where all others come from.</param>
    public static NoPropOptions Copy(NoPropOptions from, NoPropOptions to) => to with
    {
        Dynamics = from.Dynamics,
        Solver = from.Solver,
        SolverSteps = from.SolverSteps,
        SolverTolerance = from.SolverTolerance,
        ScoreReadout = from.ScoreReadout,
        ReadoutMaxLogSnr = from.ReadoutMaxLogSnr,
        EarlyExit = from.EarlyExit,
        Draws = from.Draws,
        LabelColumnName = from.LabelColumnName,
        FeatureColumnName = from.FeatureColumnName,
        ExampleWeightColumnName = from.ExampleWeightColumnName,
        ScoreColumnName = from.ScoreColumnName,
        PredictedLabelColumnName = from.PredictedLabelColumnName,
        EntropyColumnName = from.EntropyColumnName,
        DisagreementColumnName = from.DisagreementColumnName,
    };
}
