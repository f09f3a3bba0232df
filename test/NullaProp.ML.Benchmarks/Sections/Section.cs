using NullaProp.ML.Benchmarks.Reporting;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>A part of the benchmark that can be run by itself.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="description">What it measures.</param>
internal abstract class Section(string name, string description)
{
    /// <summary>Gets the name on the command line.</summary>
    public string Name => name;

    /// <summary>Gets what it measures.</summary>
    public string Description => description;

    /// <summary>Measures and reports.</summary>
    public abstract void Run(SpeedReport report);
}
