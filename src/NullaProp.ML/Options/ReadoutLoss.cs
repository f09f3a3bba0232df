namespace NullaProp.ML;

/// <summary>What the read-out term −log p(y|z₁) reads the class from.</summary>
public enum ReadoutLoss
{
    /// <summary>
    /// From z₁ alone, as the paper does, by the Gaussian posterior of the class embeddings, √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖²: keeps learned embeddings apart.
    /// Differs from the paper: it trains a linear layer where the posterior is known in closed form.
    /// </summary>
    NoisyLabel,

    /// <summary>From the whole network at t = 1, image included, as the seed project does: anchors nothing.</summary>
    Denoiser,
}
