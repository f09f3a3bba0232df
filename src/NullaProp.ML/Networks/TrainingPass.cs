using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Handed to a network while it is trained, for what works otherwise then: dropout and batch normalisation.</summary>
/// <param name="Random">The source of randomness, on the CPU.</param>
internal sealed record TrainingPass(Generator Random);
