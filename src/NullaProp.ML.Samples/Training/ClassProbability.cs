namespace NullaProp.ML.Samples.Training;

/// <summary>A class and the probability, 0 to 1, that an image shows it.</summary>
internal readonly record struct ClassProbability(string ClassName, float Probability);
