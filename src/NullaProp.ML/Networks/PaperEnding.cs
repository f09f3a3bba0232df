namespace NullaProp.ML.Networks;

/// <summary>What follows the last linear layer of the paper's image network.</summary>
internal enum PaperEnding
{
    /// <summary>ReLU: continuous time and flow matching.</summary>
    ReLU,

    /// <summary>Batch normalisation without ReLU: the blocks of discrete time.</summary>
    BatchNorm,
}
