namespace NullaProp.ML;

/// <summary>What the read-out term −log p(y|z₁) reads the class from.</summary>
public enum ReadoutLoss
{
    /// <summary>
    /// From z₁ alone, as the paper does, by the Gaussian posterior of the class embeddings, √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖²: keeps learned embeddings apart.
    /// Differs from the paper: it trains a linear layer where the posterior is known in closed form. Flow matching reads the nearest embedding, with a trained precision.
    /// In discrete time, learned embeddings are read by <see cref="Linear"/>.
    /// </summary>
    NoisyLabel,

    /// <summary>From the whole network at t = 1, image included, as the seed project does: anchors nothing.</summary>
    Denoiser,

    /// <summary>From z₁ alone by a trained linear layer, as the paper does. For one-hot embeddings the same as <see cref="NoisyLabel"/>.</summary>
    Linear,
}
