namespace NullaProp.ML.Benchmarks.Measuring;

/// <summary>One of the things that are measured side by side.</summary>
/// <param name="Name">Its name in tables and as a JSON key.</param>
/// <param name="Run">Does the work of one round; told the round, so that rounds may work on different data.</param>
internal sealed record Contestant(string Name, Action<int> Run);
