using NullaProp.ML.Randomness;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Training;

/// <summary>What a training learns from.</summary>
/// <param name="Training">The images to train on, at least one; in memory or as a stream.</param>
/// <param name="Validation">The images to watch, at least one; <see langword="null"/> for none. In memory or as a stream.</param>
/// <param name="Streams">The source of all random numbers.</param>
internal sealed record TrainingData(ITrainingImages Training, IImages? Validation, RandomStreams Streams);
