namespace NullaProp.ML;

/// <summary>The term that ties the noisiest label embedding to the standard normal prior.</summary>
public enum PriorLoss
{
    /// <summary>The exact divergence KL(q(z₀|y) ‖ N(0, I)) = ½(ᾱ‖u‖² − Dᾱ − D·ln(1−ᾱ)) at t = 0.</summary>
    ExactKl,

    /// <summary>½‖u‖², as the seed project computes it: pulls the embeddings to 0.</summary>
    HalfSquaredNorm,
}
