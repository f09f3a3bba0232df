namespace NullaProp.ML.Experiments;

/// <summary>A row of a file of results.</summary>
internal interface IResultRow
{
    /// <summary>Gets what was measured, and how: a newer row takes the place of the one that is equal in it.</summary>
    object Measured { get; }
}
