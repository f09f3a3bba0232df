namespace NullaProp.ML.Networks;

/// <summary>How training treats a weight.</summary>
internal enum WeightRole
{
    /// <summary>Trained, with weight decay: the matrices.</summary>
    Decayed,

    /// <summary>Trained, without weight decay: biases, norms, frequencies, embeddings, schedule.</summary>
    Undecayed,

    /// <summary>Not trained, but part of the architecture.</summary>
    Fixed,
}
