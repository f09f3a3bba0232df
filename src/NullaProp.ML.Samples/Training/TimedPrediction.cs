namespace NullaProp.ML.Samples.Training;

/// <summary>The most likely class of an image, and the time from file to class.</summary>
internal sealed record TimedPrediction(ImageRow Image, ClassProbability Best, TimeSpan Latency);
