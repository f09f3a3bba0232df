using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Handed to a network while it is trained, for what works otherwise then: dropout, batch normalisation, the numbers it computes in.</summary>
/// <param name="Random">The source of randomness, on the CPU.</param>
/// <param name="Precision">The numbers in which the image network computes; its weights are of single precision all the same.</param>
internal sealed record TrainingPass(Generator Random, ScalarType Precision = ScalarType.Float32);
